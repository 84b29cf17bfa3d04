/* Products and convolutions mod 2^64 with weights that are packed once, as another framework for
 * computing on shares would use them: two shares of a secret go through the same public layer.
 *
 *   cc product.c $(pkg-config --cflags --libs sonicnn) -o product
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sonicnn/ring.h>

enum { IN = 3, OUT = 2, PIXELS = 4 * 4 };

/* A fully connected layer's weights, a row an output, and a convolution's, 3 x 3. */
static const uint64_t layer[OUT * IN] = {1, 2, 3, 4, 5, 6};
static const uint64_t kernel[9] = {0, 1, 0, 1, 1, 1, 0, 1, 0};

/* Its input is in two shares, which add up to 10, 20 and 30. */
static int product(const sonic_context *context, sonic_error *error)
{
    const uint64_t shares[2][IN] = {{UINT64_C(0) - 7, 1, 2}, {17, 19, 28}};
    uint64_t y[2][OUT];
    sonic_ring_packed *weights = NULL;
    int ok = sonic_ring_pack_b(&weights, context, SONIC_RING_64, IN, OUT, layer, IN, true, error) ==
             SONIC_OK;
    for (int i = 0; ok && i < 2; i++)
        ok = sonic_ring_matmul_packed_b(context, 1, weights, y[i], OUT, shares[i], IN, false,
                                        error) == SONIC_OK;
    if (ok)
        printf("%" PRIu64 " %" PRIu64 "\n", y[0][0] + y[1][0], y[0][1] + y[1][1]);
    sonic_ring_packed_free(weights);
    return ok;
}

/* One image of ones: every output counts the neighbours that a pixel has. */
static int convolution(const sonic_context *context, sonic_error *error)
{
    sonic_conv_shape shape;
    uint64_t x[PIXELS], y[PIXELS];
    sonic_conv_weights *weights = NULL;
    memset(&shape, 0, sizeof shape);
    shape.n = shape.c = shape.o = shape.groups = 1;
    shape.h = shape.w = 4;
    shape.kh = shape.kw = 3;
    shape.stride_h = shape.stride_w = shape.dilation_h = shape.dilation_w = 1;
    shape.pad_top = shape.pad_left = shape.pad_bottom = shape.pad_right = 1;
    for (int i = 0; i < PIXELS; i++)
        x[i] = 1;
    int ok = sonic_conv_pack(&weights, context, SONIC_RING_64, &shape, kernel, error) == SONIC_OK &&
             sonic_conv_packed(context, weights, 1, y, x, false, error) == SONIC_OK;
    for (int i = 0; ok && i < PIXELS; i++)
        printf("%" PRIu64 "%c", y[i], i % 4 == 3 ? '\n' : ' ');
    sonic_conv_weights_free(weights);
    return ok;
}

int main(void)
{
    sonic_context *context;
    sonic_error error;
    if (sonic_context_create(&context, NULL, &error) != SONIC_OK) {
        fprintf(stderr, "product: %s\n", error.text);
        return EXIT_FAILURE;
    }
    int ok = product(context, &error) && convolution(context, &error);
    if (!ok)
        fprintf(stderr, "product: %s\n", error.text);
    sonic_context_free(context);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
