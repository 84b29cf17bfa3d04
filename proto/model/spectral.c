/* Upper bounds of the operator norm of a zero-padded convolution, rounding errors included. */
#include "proto/model/spectral.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Complex multiply-adds a bound may cost, about 1.5 ns each. */
static const double cost_max = 1e10;
static const double pi = 3.14159265358979323846;

/* One group's transfer matrices: rows <= cols after a transposition where it takes one. */
typedef struct transfer {
    size_t rows, cols, taps;
    size_t row_step, col_step; /* in w */
    const double *w;
    double *re, *im;   /* the matrix at one frequency, rows x cols */
    double *gre, *gim; /* its Gram matrix, rows x rows, lower triangle */
    double *lre, *lim; /* a Cholesky factor; also the vectors of the power iteration */
    double *cosine, *sine; /* one a tap */
} transfer;

double sonic_conv_schur(const sonic_conv_shape *shape, const double *w)
{
    const size_t outputs = shape->o / shape->groups, inputs = shape->c / shape->groups;
    const size_t taps = shape->kh * shape->kw;
    double worst = 0;
    for (size_t g = 0; g < shape->groups; g++, w += outputs * inputs * taps) {
        double row_max = 0, col_max = 0;
        for (size_t o = 0; o < outputs; o++) {
            double sum = 0;
            for (size_t i = 0; i < inputs * taps; i++)
                sum += fabs(w[o * inputs * taps + i]);
            row_max = fmax(row_max, sum);
        }
        for (size_t c = 0; c < inputs; c++) {
            double sum = 0;
            for (size_t o = 0; o < outputs; o++)
                for (size_t t = 0; t < taps; t++)
                    sum += fabs(w[(o * inputs + c) * taps + t]);
            col_max = fmax(col_max, sum);
        }
        worst = fmax(worst, sqrt(row_max) * sqrt(col_max));
    }
    return worst * (1 + (double)(shape->o + shape->c) * (double)taps * DBL_EPSILON);
}

/* The matrix at the frequency whose waves are in cosine and sine; returns its squared Frobenius
 * norm. */
static double transfer_at(transfer *t)
{
    double sum = 0;
    for (size_t r = 0; r < t->rows; r++) {
        for (size_t c = 0; c < t->cols; c++) {
            const double *w = t->w + r * t->row_step + c * t->col_step;
            double re = 0, im = 0;
            for (size_t i = 0; i < t->taps; i++) {
                re += w[i] * t->cosine[i];
                im += w[i] * t->sine[i];
            }
            t->re[r * t->cols + c] = re;
            t->im[r * t->cols + c] = im;
            sum += re * re + im * im;
        }
    }
    return sum;
}

static void gram(transfer *t)
{
    for (size_t i = 0; i < t->rows; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double *ar = t->re + i * t->cols, *ai = t->im + i * t->cols;
            const double *br = t->re + j * t->cols, *bi = t->im + j * t->cols;
            double re = 0, im = 0;
            for (size_t k = 0; k < t->cols; k++) {
                re += ar[k] * br[k] + ai[k] * bi[k];
                im += ai[k] * br[k] - ar[k] * bi[k];
            }
            t->gre[i * t->rows + j] = re;
            t->gim[i * t->rows + j] = im;
        }
    }
}

/* Whether lambda I - G has a Cholesky factor. */
static bool exceeds_gram(transfer *t, double lambda)
{
    const size_t n = t->rows;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            const double *ar = t->lre + i * n, *ai = t->lim + i * n;
            const double *br = t->lre + j * n, *bi = t->lim + j * n;
            double re = (i == j ? lambda : 0) - t->gre[i * n + j], im = -t->gim[i * n + j];
            for (size_t k = 0; k < j; k++) {
                re -= ar[k] * br[k] + ai[k] * bi[k];
                im -= ai[k] * br[k] - ar[k] * bi[k];
            }
            if (i == j) {
                if (!(re > 0))
                    return false;
                t->lre[i * n + i] = sqrt(re);
                t->lim[i * n + i] = 0;
            } else {
                t->lre[i * n + j] = re / t->lre[j * n + j];
                t->lim[i * n + j] = im / t->lre[j * n + j];
            }
        }
    }
    return true;
}

/* About the largest eigenvalue of the Gram matrix, from below, by M^H and M in turn. */
static double estimate(transfer *t)
{
    double *ur = t->lre, *ui = t->lim; /* rows <= rows^2 entries */
    double value = 0;
    for (size_t i = 0; i < t->rows; i++) {
        ur[i] = 1 + (double)(i * 7 % 5);
        ui[i] = (double)(i * 5 % 3);
    }
    for (int round = 0; round < 30; round++) {
        double norm = 0, product = 0;
        for (size_t i = 0; i < t->rows; i++)
            norm += ur[i] * ur[i] + ui[i] * ui[i];
        if (!(norm > 0))
            break;
        norm = 1 / sqrt(norm);
        for (size_t i = 0; i < t->rows; i++) {
            ur[i] *= norm;
            ui[i] *= norm;
            t->cosine[t->taps + i] = t->sine[t->taps + i] = 0;
        }
        double *vr = t->cosine + t->taps, *vi = t->sine + t->taps;
        for (size_t i = 0; i < t->rows; i++) {
            for (size_t j = 0; j <= i; j++) {
                const double gr = t->gre[i * t->rows + j], gi = t->gim[i * t->rows + j];
                vr[i] += gr * ur[j] - gi * ui[j];
                vi[i] += gr * ui[j] + gi * ur[j];
                if (j < i) {
                    vr[j] += gr * ur[i] + gi * ui[i];
                    vi[j] += gr * ui[i] - gi * ur[i];
                }
            }
        }
        for (size_t i = 0; i < t->rows; i++)
            product += vr[i] * ur[i] + vi[i] * ui[i];
        memcpy(ur, vr, t->rows * sizeof *ur);
        memcpy(ui, vi, t->rows * sizeof *ui);
        value = product;
    }
    return value;
}

/* Raises *lambda until it is above every eigenvalue at this frequency. */
static void raise_lambda(transfer *t, double frobenius, double *lambda)
{
    gram(t);
    if (*lambda > 0 && exceeds_gram(t, *lambda))
        return;
    /* The largest of n eigenvalues is at least their mean. */
    double next = fmax(fmax(*lambda, frobenius / (double)t->rows), estimate(t) * 1.005);
    while (next < frobenius && !exceeds_gram(t, next))
        next *= 1.02;
    *lambda = fmin(next, frobenius);
}

/* Bound over the frequencies of one group, or infinity where memory is short. */
static double spectral(const sonic_conv_shape *shape, const double *w)
{
    const size_t o = shape->o / shape->groups, c = shape->c / shape->groups;
    const size_t taps = shape->kh * shape->kw;
    transfer t = {.rows = o <= c ? o : c, .cols = o <= c ? c : o, .taps = taps, .w = w};
    t.row_step = o <= c ? c * taps : taps;
    t.col_step = o <= c ? taps : c * taps;
    const size_t p_max = taps == 1 ? 1 : shape->h + (shape->kh - 1) * shape->dilation_h;
    const size_t q_max = taps == 1 ? 1 : shape->w + (shape->kw - 1) * shape->dilation_w;
    const double n = (double)t.rows, m = (double)t.cols;
    const double cost = (double)shape->groups * (double)p_max * (double)(q_max / 2 + 1)
                        * (n * m * (double)taps / 2 + n * n * m / 2 + n * n * n / 6);
    const size_t entries = t.rows * t.cols, square = t.rows * t.rows, wave = taps + t.rows;
    if (cost > cost_max)
        return INFINITY;
    double *memory = calloc(2 * (entries + 2 * square + wave), sizeof *memory);
    if (!memory)
        return INFINITY;
    t.re = memory;
    t.im = t.re + entries;
    t.gre = t.im + entries;
    t.gim = t.gre + square;
    t.lre = t.gim + square;
    t.lim = t.lre + square;
    t.cosine = t.lim + square;
    t.sine = t.cosine + wave;
    double lambda = 0, frobenius_max = 0;
    for (size_t p = 0; p < p_max; p++) {
        for (size_t q = 0; q <= q_max / 2; q++) { /* the others are the conjugates of these */
            for (size_t i = 0; i < taps; i++) {
                const size_t y = i / shape->kw * shape->dilation_h,
                             x = i % shape->kw * shape->dilation_w;
                const double turn = (double)(p * y % p_max) / (double)p_max
                                    + (double)(q * x % q_max) / (double)q_max;
                t.cosine[i] = cos(2 * pi * turn);
                t.sine[i] = sin(2 * pi * turn);
            }
            const double frobenius = transfer_at(&t);
            if (!isfinite(frobenius)) {
                free(memory);
                return INFINITY;
            }
            frobenius_max = fmax(frobenius_max, frobenius);
            if (frobenius > lambda)
                raise_lambda(&t, frobenius, &lambda);
        }
    }
    free(memory);
    /* Backward error of the factorisation (at most (n + 2) eps trace), of the Gram matrix and of
     * the transfer matrix (at most (m + 2 taps + 8) eps |M|^2), with room to spare. */
    lambda += 16 * (n + m + 4 * (double)taps + 16) * DBL_EPSILON * (n * lambda + frobenius_max
                                                                    * (double)taps);
    return sqrt(lambda) * (1 + 4 * DBL_EPSILON);
}

double sonic_conv_norm(const sonic_conv_shape *shape, const double *w)
{
    sonic_conv_shape s = *shape;
    const size_t extent_h = (s.kh - 1) * s.dilation_h + 1, extent_w = (s.kw - 1) * s.dilation_w + 1;
    if ((s.h + s.pad_top + s.pad_bottom - extent_h) / s.stride_h == 0
        && (s.w + s.pad_left + s.pad_right - extent_w) / s.stride_w == 0) {
        /* One window: the convolution is the matrix [o][c kh kw] on it. */
        s.c *= s.kh * s.kw;
        s.h = s.w = s.kh = s.kw = 1;
    }
    const size_t block = s.o / s.groups * (s.c / s.groups) * s.kh * s.kw;
    double worst = 0;
    for (size_t g = 0; g < s.groups; g++)
        worst = fmax(worst, spectral(&s, w + g * block));
    return fmin(worst, sonic_conv_schur(&s, w));
}
