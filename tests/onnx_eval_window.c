/* The evaluator's operators that slide a window over images or reduce axes. */
#include "tests/onnx_eval.h"

#include <math.h>
#include <string.h>

typedef struct window {
    long kernel[2], stride[2], dilation[2], before[2], out[2], padded[2];
} window;

static window read_window(const eval_machine *m, const eval_value *x, const long *kernel)
{
    window w;
    const Onnx__AttributeProto *a = eval_attribute(m, "auto_pad");
    char mode[16] = "NOTSET";
    if (a)
        memcpy(mode, a->s.data, a->s.len), mode[a->s.len] = 0;
    for (size_t i = 0; i < 2; i++) {
        long size = x->dim[2 + i];
        w.kernel[i] = eval_element(m, "kernel_shape", i, kernel ? kernel[i] : 0);
        w.stride[i] = eval_element(m, "strides", i, 1);
        w.dilation[i] = eval_element(m, "dilations", i, 1);
        long extent = w.dilation[i] * (w.kernel[i] - 1) + 1;
        long after = eval_element(m, "pads", 2 + i, 0);
        w.before[i] = eval_element(m, "pads", i, 0);
        if (strncmp(mode, "SAME", 4) == 0) {
            w.out[i] = (long)ceil((double)size / (double)w.stride[i]);
            long total = (w.out[i] - 1) * w.stride[i] + extent - size;
            total = total < 0 ? 0 : total;
            w.before[i] = strcmp(mode, "SAME_UPPER") == 0 ? total / 2 : (total + 1) / 2;
            after = total - w.before[i];
        } else {
            double steps = (double)(size + w.before[i] + after - extent) / (double)w.stride[i];
            w.out[i] = (long)(eval_integer(m, "ceil_mode", 0) ? ceil(steps) : floor(steps)) + 1;
            if (eval_integer(m, "ceil_mode", 0) &&
                (w.out[i] - 1) * w.stride[i] >= size + w.before[i])
                w.out[i]--;
        }
        w.padded[i] = size + after;
    }
    return w;
}

void eval_conv(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0), *k = eval_in(m, 1), *b = eval_in(m, 2);
    window w = read_window(m, x, &k->dim[2]);
    eval_value *y = eval_out(m, 4, (const long[]){x->dim[0], k->dim[0], w.out[0], w.out[1]});
    long groups = eval_integer(m, "group", 1), per = x->dim[1] / groups, at[4];
    for (size_t i = 0; i < y->n; i++) {
        eval_unravel(y, i, at);
        y->v[i] = b ? b->v[at[1]] : 0;
        for (long c = 0; c < per; c++)
            for (long p = 0; p < w.kernel[0]; p++)
                for (long q = 0; q < w.kernel[1]; q++) {
                    long r = at[2] * w.stride[0] + p * w.dilation[0] - w.before[0];
                    long s = at[3] * w.stride[1] + q * w.dilation[1] - w.before[1];
                    long channel = at[1] / (k->dim[0] / groups) * per + c;
                    if (r >= 0 && r < x->dim[2] && s >= 0 && s < x->dim[3])
                        y->v[i] += eval_pick(x, 4, (const long[]){at[0], channel, r, s}) *
                                   eval_pick(k, 4, (const long[]){at[1], c, p, q});
                }
    }
}

void eval_pool(eval_machine *m, bool average)
{
    const eval_value *x = eval_in(m, 0);
    window w = read_window(m, x, NULL);
    bool include = eval_integer(m, "count_include_pad", 0);
    eval_value *y = eval_out(m, 4, (const long[]){x->dim[0], x->dim[1], w.out[0], w.out[1]});
    long at[4];
    for (size_t i = 0; i < y->n; i++) {
        eval_unravel(y, i, at);
        double best = -INFINITY, sum = 0, count = 0;
        for (long p = 0; p < w.kernel[0]; p++)
            for (long q = 0; q < w.kernel[1]; q++) {
                long r = at[2] * w.stride[0] + p * w.dilation[0] - w.before[0];
                long s = at[3] * w.stride[1] + q * w.dilation[1] - w.before[1];
                bool inside = r >= 0 && r < x->dim[2] && s >= 0 && s < x->dim[3];
                bool padded = r < w.padded[0] && s < w.padded[1];
                count += inside || (include && padded);
                if (!inside)
                    continue;
                double v = eval_pick(x, 4, (const long[]){at[0], at[1], r, s});
                best = fmax(best, v);
                sum += v;
            }
        y->v[i] = average ? sum / count : best;
    }
}

void eval_reduce(eval_machine *m, unsigned axes, bool keep, bool average)
{
    const eval_value *x = eval_in(m, 0);
    long kept[EVAL_RANK], dim[EVAL_RANK], at[EVAL_RANK];
    size_t rank = 0;
    double count = 1;
    for (size_t d = 0; d < x->rank; d++) {
        kept[d] = axes >> d & 1 ? 1 : x->dim[d];
        count *= axes >> d & 1 ? (double)x->dim[d] : 1;
        if (keep || !(axes >> d & 1))
            dim[rank++] = kept[d];
    }
    eval_value *y = eval_out(m, rank, dim);
    x = eval_in(m, 0);
    for (size_t i = 0; i < y->n && !average; i++)
        y->v[i] = -INFINITY;
    for (size_t i = 0; i < x->n; i++) {
        size_t to = 0;
        eval_unravel(x, i, at);
        for (size_t d = 0; d < x->rank; d++)
            to = to * (size_t)kept[d] + (axes >> d & 1 ? 0 : (size_t)at[d]);
        y->v[to] = average ? y->v[to] + x->v[i] / count : fmax(y->v[to], x->v[i]);
    }
}
