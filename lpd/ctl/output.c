/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ctl/output.h"

#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "report/terminal.h"

#define LESS_OPTIONS "FRSXMK" /* the options that systemctl(1) uses */

struct output output_begin(enum verb_text text, bool json, bool pager) {
    struct output o = { .text = json ? TEXT_VERBATIM : text, .pager = pager, .file = -EBADF, .saved = -EBADF };

    if (terminal_columns() == 0 || text == TEXT_DIRECT)
        return o;
    (void) fflush(stdout);
    o.saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    o.file = memfd_create("output", MFD_CLOEXEC);
    if (o.saved >= 0 && o.file >= 0 && dup2(o.file, STDOUT_FILENO) >= 0)
        return o;
    /* Without a file the text goes straight to the terminal. */
    closep(&o.file);
    closep(&o.saved);
    o.file = o.saved = -EBADF;
    return o;
}

static char *read_all(int fd) {
    struct stat st;
    char *text;

    if (fstat(fd, &st) < 0)
        return NULL;
    text = calloc(1, (size_t) st.st_size + 1);
    if (text && pread(fd, text, (size_t) st.st_size, 0) == st.st_size)
        return text;
    free(text);
    return NULL;
}

static bool fits_terminal(const char *text) {
    struct winsize size = {};
    size_t lines = 1;

    for (const char *p = text; *p; p++)
        lines += *p == '\n';
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || lines <= size.ws_row;
}

/* A user who may run lpctl as root by sudo(8), run0(1) or pkexec(1) must not get a root shell from
 * its pager. */
static bool is_secure(void) {
    const char *given = getenv("SYSTEMD_PAGERSECURE");

    if (given)
        return !streq(given, "0") && !streq(given, "no") && !streq(given, "false");
    return geteuid() == 0 && (getenv("SUDO_UID") || getenv("PKEXEC_UID"));
}

/* The pager that the user has configured; NULL: not configured; "": no pager. */
static const char *wanted_pager(void) {
    const char *pager = getenv("SYSTEMD_PAGER");

    pager = pager ?: getenv("PAGER");
    return pager && streq(pager, "cat") ? "" : pager;
}

static _Noreturn void run_pager(int input, const char *pager, bool secure) {
    static const char *const programs[] = { "pager", "less", "more" };
    const char *options = getenv("SYSTEMD_LESS");
    char *command = pager ? strdup(pager) : NULL; /* a text of the environment, which changes now */

    (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void) signal(SIGPIPE, SIG_DFL);
    (void) dup2(input, STDIN_FILENO);
    (void) setenv("LESS", options ?: LESS_OPTIONS, true);
    if (streq(nl_langinfo(CODESET), "UTF-8"))
        (void) setenv("LESSCHARSET", "utf-8", true);
    if (secure) {
        /* less is the only pager that is known to have a secure mode. */
        (void) setenv("LESSSECURE", "1", true);
        (void) execlp("less", "less", NULL);
    } else {
        if (command)
            (void) execl("/bin/sh", "sh", "-c", command, NULL);
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
            (void) execlp(programs[i], programs[i], NULL);
    }
    (void) execlp("cat", "cat", NULL);
    _exit(EXIT_STATUS_FAILED);
}

static void write_all(int fd, const char *text) {
    size_t n = strlen(text);

    while (n > 0) {
        ssize_t k = write(fd, text, n);

        if (k < 0 && errno != EINTR)
            return; /* the user quit the pager on purpose */
        if (k > 0) {
            text += k;
            n -= (size_t) k;
        }
    }
}

/* 0 if there is no pager for the text. */
static int page(const char *text) {
    const char *pager = wanted_pager();
    int pipe_fds[2], status;
    pid_t pid;

    if ((pager && !*pager) || (!pager && !getenv("SYSTEMD_LESS") && fits_terminal(text)) ||
        pipe2(pipe_fds, O_CLOEXEC) < 0)
        return 0;
    pid = fork();
    if (pid == 0)
        run_pager(pipe_fds[0], pager, is_secure());
    closep(&pipe_fds[0]);
    if (pid > 0) {
        (void) signal(SIGPIPE, SIG_IGN);
        (void) signal(SIGINT, SIG_IGN); /* Ctrl-C is for the pager */
        write_all(pipe_fds[1], text);
    }
    closep(&pipe_fds[1]);
    if (pid < 0)
        return 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    (void) signal(SIGINT, SIG_DFL);
    return 1;
}

static char *fit(const char *text) {
    char *fitting = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&fitting, &size);

    if (!f)
        return NULL;
    text_print_fitting(f, text, terminal_columns());
    (void) fclose(f);
    return fitting;
}

void output_end(struct output *o) {
    _cleanup_free_ char *text = NULL, *fitting = NULL;

    (void) fflush(stdout);
    if (o->file < 0)
        return;
    (void) dup2(o->saved, STDOUT_FILENO);
    text = read_all(o->file);
    closep(&o->file);
    closep(&o->saved);
    o->file = o->saved = -EBADF;
    fitting = text && o->text == TEXT_FITTING ? fit(text) : NULL;
    if (text && (!o->pager || page(fitting ?: text) == 0))
        (void) fputs(fitting ?: text, stdout);
    (void) fflush(stdout);
}
