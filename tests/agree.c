/* agree GRAPH SECURE.npy PLAIN.npy REAL.npy: holds the results of a secure run to the plain integer
 * reference, within the error that the graph proves, and counts the images whose class is the real
 * network's.  Prints "IMAGES AGREEING"; exit code 1 when the error is larger than proven. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/model/model.h"

/* The numbers of an NPY file of little-endian float32 or float64: the data follow a header whose
 * length is in bytes 8 and 9. */
static double *read_npy(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    unsigned char head[10];
    char text[65536] = "";
    if (!file || fread(head, 1, sizeof head, file) != sizeof head ||
        memcmp(head, "\x93NUMPY", 6) != 0)
        return NULL;
    size_t length = head[8] + 256u * head[9];
    if (fread(text, 1, length, file) != length)
        return NULL;
    bool narrow = strstr(text, "<f4") != NULL;
    size_t room = 1024;
    double *x = malloc(room * sizeof *x);
    for (*n = 0; x; ++*n) {
        float f;
        double d;
        if (*n == room)
            x = realloc(x, (room *= 2) * sizeof *x);
        if (!x || fread(narrow ? (void *)&f : (void *)&d, narrow ? 4 : 8, 1, file) != 1)
            break;
        x[*n] = narrow ? (double)f : d;
    }
    fclose(file);
    return x;
}

static size_t largest(const double *x, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        best = x[i] > x[best] ? i : best;
    return best;
}

int main(int argc, char **argv)
{
    sonic_graph graph;
    uint8_t id[SONIC_ID_BYTES];
    sonic_error error = {0};
    double *x[3];
    size_t n[3];
    if (argc != 5 || sonic_graph_load(&graph, id, argv[1], &error) != SONIC_OK) {
        fprintf(stderr, "agree: %s\n", argc == 5 ? error.text : "four files are needed");
        return 2;
    }
    for (int i = 0; i < 3; i++) {
        x[i] = read_npy(argv[2 + i], &n[i]);
        if (!x[i]) {
            fprintf(stderr, "agree: cannot read %s\n", argv[2 + i]);
            return 2;
        }
    }
    const sonic_node *last = &graph.node[graph.nodes - 1];
    size_t classes = sonic_node_elements(&graph, graph.nodes - 1), same = 0;
    double most = 0;
    if (n[0] == 0 || n[0] != n[1] || n[0] != n[2] || n[0] % classes != 0) {
        fprintf(stderr, "agree: %zu, %zu and %zu results\n", n[0], n[1], n[2]);
        return 2;
    }
    for (size_t i = 0; i < n[0]; i++)
        most = fmax(most, fabs(x[0][i] - x[1][i]) / last->unit);
    for (size_t i = 0; i < n[0]; i += classes)
        same += largest(x[0] + i, classes) == largest(x[2] + i, classes);
    printf("%zu %zu\n", n[0] / classes, same);
    fprintf(stderr, "off by %.0f units of %g, %.0f are proven\n", most, last->unit, last->error);
    int code = most <= last->error ? 0 : 1; /* NaN must not pass */
    for (int i = 0; i < 3; i++)
        free(x[i]);
    sonic_graph_free(&graph);
    return code;
}
