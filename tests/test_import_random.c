/* Import of random networks. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/import_check.h"

static void random_window(build *b, Onnx__NodeProto *node, bool kernel, uint32_t space, bool dilate)
{
    int64_t k[2], pad[4], dilation[2];
    for (unsigned i = 0; i < 2; i++) {
        k[i] = 1 + build_below(b, 3);
        dilation[i] = dilate && space > 8 ? 1 + build_below(b, 2) : 1;
        pad[i] = build_below(b, (uint32_t)k[i]);
        pad[2 + i] = build_below(b, (uint32_t)k[i]);
    }
    if (kernel)
        build_ints(b, node, "kernel_shape", LIST(k[0], k[1]));
    if (build_below(b, 2))
        build_ints(b, node, "strides", LIST(1 + build_below(b, 2), 1 + build_below(b, 2)));
    if (dilate && dilation[0] + dilation[1] > 2)
        build_ints(b, node, "dilations", LIST(dilation[0], dilation[1]));
    if (!kernel)
        return;
    switch (build_below(b, 4)) {
    case 0:
        build_ints(b, node, "pads", LIST(pad[0], pad[1], pad[2], pad[3]));
        break;
    case 1:
        build_text(b, node, "auto_pad", build_below(b, 2) ? "SAME_UPPER" : "SAME_LOWER");
        break;
    case 2:
        build_ints(b, node, "pads", LIST(0, 0, pad[2], pad[3]));
        build_int(b, node, "ceil_mode", 1);
        break;
    default:
        break;
    }
}

static void random_step(build *b, unsigned step, const char *in, const char *out, int64_t channels,
                        uint32_t space)
{
    char name[32], constant[32], limit[32], both[160];
    const int64_t one[] = {END};
    (void)snprintf(name, sizeof name, "n%u", step);
    (void)snprintf(constant, sizeof constant, "k%u", step);
    (void)snprintf(both, sizeof both, "%s %s", in, constant);
    Onnx__NodeProto *node;
    switch (build_below(b, 13)) {
    case 0:
    case 1:
        node = build_conv(b, name, in, out, LIST(channels, channels, 2, 2), build_below(b, 2));
        random_window(b, node, false, space, true);
        build_ints(b, node, "pads", LIST(1, build_below(b, 2), 1, 1));
        break;
    case 2:
        build_batch_norm(b, name, in, out, channels);
        break;
    case 3:
    case 4:
        build_node(b, "Relu", name, in, out);
        break;
    case 10:
        build_float(b, build_node(b, "LeakyRelu", name, in, out), "alpha",
                    build_below(b, 3) ? 0.25f : build_below(b, 2) ? 0.f : 0.01f);
        break;
    case 11:
        build_initializer(b, build_scalar(b, constant, build_below(b, 3) ? 0 : -0.5f));
        (void)snprintf(limit, sizeof limit, "m%u", step);
        if (build_below(b, 4)) {
            build_initializer(b, build_scalar(b, limit, build_below(b, 2) ? 0.5f : 6));
            (void)snprintf(both + strlen(both), sizeof both - strlen(both), " %s", limit);
        }
        build_node(b, "Clip", name, both, out);
        break;
    case 5:
        random_window(b, build_node(b, "MaxPool", name, in, out), true, space, true);
        break;
    case 6:
        node = build_node(b, "AveragePool", name, in, out);
        random_window(b, node, true, space, false);
        build_int(b, node, "count_include_pad", build_below(b, 2));
        break;
    case 7:
        build_initializer(
            b, build_floats(b, constant, build_below(b, 2) ? one : LIST(channels, 1, 1), 1));
        build_node(b, build_below(b, 2) ? "Mul" : "Div", name, both, out);
        break;
    case 8:
        build_weights(b, constant, build_below(b, 2) ? one : LIST(1, channels, 1, 1));
        build_node(b, build_below(b, 2) ? "Add" : "Sub", name, both, out);
        break;
    case 12: /* two read it, or only one adds it twice */
        if (build_below(b, 2))
            build_float(b, build_node(b, "LeakyRelu", name, in, constant), "alpha", 0.5f);
        else
            build_node(b, build_below(b, 2) ? "Relu" : "Identity", name, in, constant);
        (void)snprintf(name, sizeof name, "a%u", step);
        build_node(b, "Add", name, both, out);
        break;
    default:
        build_initializer(
            b, build_integers(b, constant, NULL,
                              LIST(0, 0, build_below(b, 3), 0, 0, 0, 1, build_below(b, 2))));
        build_node(b, "Pad", name, both, out);
        break;
    }
}

/* The height of an activation, from the evaluator; pools are not asked for more than there is. */
static uint32_t height(const build *b, const char *output, const int64_t *dims, const double *x,
                       int64_t channels)
{
    size_t n;
    free(evaluate(b, output, dims, x, &n));
    return (uint32_t)(n / (size_t)channels);
}

Test(import, random_networks)
{
    for (uint64_t seed = 1; seed <= 250; seed++) {
        build b;
        char what[32], in[16] = "x", out[16];
        (void)snprintf(what, sizeof what, "seed %llu", (unsigned long long)seed);
        build_start(&b, 11, what, seed);
        const int64_t channels = 1 + build_below(&b, 3), size = 12 + build_below(&b, 6);
        const int64_t *dims = LIST(1, channels, size, size);
        double *x = calloc((size_t)(channels * size * size), sizeof *x);
        build_input(&b, "x", LIST(0, channels, size, size));
        for (unsigned step = 0; step < 9; step++) {
            uint32_t area = step ? height(&b, in, dims, x, channels) : (uint32_t)(size * size);
            if (area < 50)
                break;
            (void)snprintf(out, sizeof out, "v%u", step);
            random_step(&b, step, in, out, channels, area >= 100 ? 9 : 0);
            memcpy(in, out, sizeof in);
        }
        free(x);
        build_output(&b, in);
        sonic_model m = import_check(&b, LIST(2, channels, size, size), what);
        sonic_model_free(&m);
        build_end(&b);
    }
}
