/* One of the two servers as a program of one's own: a batch of input shares from standard input, result
 * shares to standard output, as plain ring elements.
 *
 *   cc server.c $(pkg-config --cflags --libs sonicnn) -o server
 *   ./server net.0 pool.0 127.0.0.1:7010 <in.0 >out.0 &
 *   ./server net.1 pool.1 127.0.0.1:7010 <in.1 >out.1
 */
#include <stdio.h>
#include <stdlib.h>

#include <sonicnn/server.h>

static int run(sonic_server *server, sonic_error *error)
{
    sonic_server_shape shape = sonic_server_shape_of(server);
    size_t element = (size_t)shape.ring / 8;
    void *in = calloc(shape.batch * shape.input, element);
    void *out = calloc(shape.batch * shape.output, element);
    int ok = in && out && sonic_server_prepare(server, error) == SONIC_OK;
    while (ok && fread(in, element, shape.batch * shape.input, stdin) == shape.batch * shape.input)
        ok = sonic_server_infer(server, in, out, error) == SONIC_OK &&
             fwrite(out, element, shape.batch * shape.output, stdout) == shape.batch * shape.output;
    free(in);
    free(out);
    return ok;
}

int main(int argc, char **argv)
{
    sonic_context *context;
    sonic_server *server = NULL;
    sonic_error error = {SONIC_E_ARGUMENT, "usage: server MODEL POOL HOST:PORT"};
    if (argc != 4 || sonic_context_create(&context, NULL, &error) != SONIC_OK) {
        fprintf(stderr, "%s\n", error.text);
        return EXIT_FAILURE;
    }
    sonic_server_options options = {.model = argv[1], .pool = argv[2], .peer = argv[3]};
    error = (sonic_error){SONIC_E_SYSTEM, "cannot read, write or have memory"};
    int ok = sonic_server_create(&server, context, &options, &error) == SONIC_OK &&
             run(server, &error) && fflush(stdout) == 0;
    if (!ok)
        fprintf(stderr, "server: %s\n", error.text);
    sonic_server_free(server);
    sonic_context_free(context);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
