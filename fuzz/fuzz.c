/* Seeds and checks that the fuzz targets share. */
#include "config.h"

#include "fuzz/fuzz.h"

#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_seed();
    return 0;
}

void fuzz_write_seed(const char *name, const void *data, size_t n)
{
    const char *corpus = getenv("SONIC_FUZZ_CORPUS");
    char path[PATH_MAX];
    if (!corpus)
        return;
    (void)snprintf(path, sizeof path, "%s/%s", corpus, name);
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL);
    fuzz_require(fwrite(data, 1, n, file) == n);
    fuzz_require(fclose(file) == 0);
}

int fuzz_file_of(const void *data, size_t n)
{
    static int fd = -1;
    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_require(fd >= 0);
    fuzz_require(ftruncate(fd, 0) == 0);
    fuzz_require(pwrite(fd, data, n, 0) == (ssize_t)n);
    return fd;
}

void fuzz_require_sentence(sonic_status status, const sonic_error *error)
{
    fuzz_require(status < 0);
    fuzz_require(error->status == status);
    size_t length = strnlen(error->text, sizeof error->text);
    fuzz_require(length > 0 && length < sizeof error->text);
    for (size_t i = 0; i < length; i++)
        fuzz_require(error->text[i] >= ' ' && error->text[i] <= '~');
}
