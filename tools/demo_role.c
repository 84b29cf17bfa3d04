/* Roles of the demonstration as processes: started, listened to, waited for, never left behind. */
#include "tools/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dispatch/error.h"

static _Noreturn void play_role(const sonic_role *role, sonic_role_play play, void *arg, int out,
                                pid_t parent)
{
    /* No process outlives a demonstration that is killed; the second line is for one killed between
     * fork and prctl. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    sonic_status status = play(arg, out, role->error);
    if (status != SONIC_OK && role->error->status == SONIC_OK)
        (void)sonic_fail(role->error, status, "%s", sonic_status_text(status));
    exit(status == SONIC_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}

sonic_status sonic_role_start(sonic_role *role, const char *name, sonic_role_play play, void *arg,
                              sonic_error *error)
{
    int ends[2];
    *role = (sonic_role){.name = name, .out = -1};
    void *shared =
        mmap(NULL, sizeof *role->error, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return sonic_fail(error, SONIC_E_MEMORY, "no memory to start the %s", name);
    role->error = shared;
    if (pipe(ends) != 0) {
        (void)munmap(shared, sizeof *role->error);
        role->error = NULL;
        return sonic_fail(error, SONIC_E_SYSTEM, "cannot start the %s: %s", name, strerror(errno));
    }
    pid_t parent = getpid();
    role->pid = fork();
    if (role->pid == 0) {
        (void)close(ends[0]);
        play_role(role, play, arg, ends[1], parent);
    }
    (void)close(ends[1]);
    role->out = ends[0];
    if (role->pid > 0)
        return SONIC_OK;
    role->pid = 0;
    sonic_role_kill(role, NULL);
    return sonic_fail(error, SONIC_E_SYSTEM, "cannot start the %s: %s", name, strerror(errno));
}

/* Frees what is not the process. */
static void forget(sonic_role *role)
{
    if (role->out >= 0)
        (void)close(role->out);
    if (role->error)
        (void)munmap(role->error, sizeof *role->error);
    *role = (sonic_role){.name = role->name, .out = -1};
}

sonic_status sonic_role_wait(sonic_role *role, sonic_error *error)
{
    int code = 0;
    if (role->pid == 0)
        return SONIC_OK;
    while (waitpid(role->pid, &code, 0) < 0)
        if (errno != EINTR)
            break;
    sonic_status status = SONIC_OK;
    if (WIFSIGNALED(code))
        status =
            sonic_fail(error, SONIC_E_SYSTEM, "%s: ended by signal %d", role->name, WTERMSIG(code));
    else if (code != 0)
        status = sonic_fail(error, role->error->status ? role->error->status : SONIC_E_SYSTEM,
                            "%s: %s", role->name, role->error->text);
    forget(role);
    return status;
}

sonic_status sonic_role_read(sonic_role *role, void *data, size_t n, sonic_error *error)
{
    uint8_t *at = data;
    while (n > 0) {
        ssize_t got = read(role->out, at, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            sonic_status status = sonic_role_wait(role, error);
            return status != SONIC_OK
                       ? status
                       : sonic_fail(error, SONIC_E_SYSTEM, "%s: ended too early", role->name);
        }
        at += got;
        n -= (size_t)got;
    }
    return SONIC_OK;
}

/* Neither the channel's failure nor the peer's. */
static bool is_own(sonic_status status)
{
    return status != SONIC_OK && (status > SONIC_E_CLOSED || status <= SONIC_E_FILE);
}

void sonic_role_kill(sonic_role *role, sonic_error *cause)
{
    if (role->pid > 0) {
        (void)kill(role->pid, SIGTERM);
        while (waitpid(role->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        if (is_own(role->error->status))
            (void)sonic_fail(cause, role->error->status, "%s: %s", role->name, role->error->text);
    }
    forget(role);
}
