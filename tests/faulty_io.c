/* A disk that refuses: preloaded into a process, it makes the Nth call that changes what lies below a folder
   fail, for Python, SQLite and Arrow alike. `faulty_io_arm` starts the count, `faulty_io_calls` gives it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ONCE, BROKEN, FULL }; /* the Nth call; it and all after it; those of them that take space */

static char folder[PATH_MAX];
static volatile long calls;
static long first = -1; /* counted from 1; -1: not armed */
static int mode, error;

void faulty_io_arm(const char *below, long at, int how, int with)
{
    snprintf(folder, sizeof folder, "%s", below);
    calls = 0, first = at, mode = how, error = with;
}

long faulty_io_calls(void) { return calls; }

/* Whether this call fails; `takes` says that it takes space. */
static int fails(const char *path, int takes)
{
    size_t length = strlen(folder);
    if (first < 0 || strncmp(path, folder, length) || (path[length] && path[length] != '/'))
        return 0;
    long now = __sync_add_and_fetch(&calls, 1);
    if (mode == ONCE ? now != first : now < first || (mode == FULL && !takes))
        return 0;
    errno = error;
    return 1;
}

static int at_fails(int at, const char *name, int takes)
{
    char link[64], path[2 * PATH_MAX] = "";
    if (first < 0)
        return 0;
    if (*name != '/') { /* relative to the folder open as `at` */
        if (at == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        if (readlink(link, path, PATH_MAX - 1) < 0)
            return 0;
        strcat(path, "/");
    }
    strncat(path, name, PATH_MAX - 1);
    return fails(path, takes);
}

static int fd_fails(int fd, int takes) { return at_fails(fd, "", takes); }

/* A disk that fills up takes a part of the last write. */
static size_t part_of(size_t size) { return mode == FULL && calls == first ? size / 2 : 0; }

#define REFUSE(failed, ...) do { if (failed) return -1; return syscall(__VA_ARGS__); } while (0)

ssize_t write(int fd, const void *data, size_t size)
{
    if (!fd_fails(fd, 1))
        return syscall(SYS_write, fd, data, size);
    return part_of(size) ? syscall(SYS_write, fd, data, part_of(size)) : -1;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    if (!fd_fails(fd, 1))
        return syscall(SYS_pwrite64, fd, data, size, offset);
    return part_of(size) ? syscall(SYS_pwrite64, fd, data, part_of(size), offset) : -1;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

static int opened(int at, const char *path, int flags, mode_t bits)
{
    int changes = flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR);
    REFUSE(changes && at_fails(at, path, flags & O_CREAT), SYS_openat, at, path, flags, bits);
}

/* The permissions of a new file; without O_CREAT nobody passed any, and nobody looks at them. */
#define BITS(bits) va_list more; va_start(more, flags); mode_t bits = va_arg(more, mode_t); va_end(more)

int open(const char *path, int flags, ...) { BITS(bits); return opened(AT_FDCWD, path, flags, bits); }
int open64(const char *path, int flags, ...) { BITS(bits); return opened(AT_FDCWD, path, flags, bits); }
int openat(int at, const char *path, int flags, ...) { BITS(bits); return opened(at, path, flags, bits); }
int openat64(int at, const char *path, int flags, ...) { BITS(bits); return opened(at, path, flags, bits); }
int creat(const char *path, mode_t bits) { return opened(AT_FDCWD, path, O_CREAT | O_TRUNC | O_WRONLY, bits); }

/* No power is cut in these tests, and waiting for the disk takes most of the time of what they do. */
int fsync(int fd) { return fd_fails(fd, 1) ? -1 : first < 0 ? syscall(SYS_fsync, fd) : 0; }
int fdatasync(int fd) { return fd_fails(fd, 1) ? -1 : first < 0 ? syscall(SYS_fdatasync, fd) : 0; }
int ftruncate64(int fd, off_t size) { REFUSE(fd_fails(fd, 0), SYS_ftruncate, fd, size); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int mkdirat(int at, const char *path, mode_t bits) { REFUSE(at_fails(at, path, 1), SYS_mkdirat, at, path, bits); }
int mkdir(const char *path, mode_t bits) { return mkdirat(AT_FDCWD, path, bits); }
int unlinkat(int at, const char *path, int how) { REFUSE(at_fails(at, path, 0), SYS_unlinkat, at, path, how); }
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned how)
{
    REFUSE(at_fails(to_at, to, 1), SYS_renameat2, from_at, from, to_at, to, how);
}
int renameat(int from_at, const char *from, int to_at, const char *to) { return renameat2(from_at, from, to_at, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int how)
{
    REFUSE(at_fails(to_at, to, 1), SYS_linkat, from_at, from, to_at, to, how);
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
