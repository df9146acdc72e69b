/* SPDX-License-Identifier: MIT
 *
 * os: mailboxes of every shape to messages, and small files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/os/os.h"
#include "tap.h"

static bb_arena arena;

/* ---- making mailboxes ---------------------------------------------------------------------------------- */

static const char *in_tmp(const char *name)
{
    return bb_sprintf(&arena, "%s/%s", tap_tmp(), name).p;
}

static const char *put(const char *name, bb_str bytes)
{
    const char *path = in_tmp(name);
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/'))
        mkdir(bb_sprintf(&arena, "%.*s", (int)(slash - path), path).p, 0755);
    FILE *f = fopen(path, "wb");
    if (!f) {
        tap_note("%s: %s", path, strerror(errno));
        exit(1);
    }
    fwrite(bytes.p, 1, bytes.n, f);
    fclose(f);
    return path;
}

/* Everything in the mailbox as "source|bytes" lines; sources without the temporary folder. */
static bb_str all_of(const char *const *paths, size_t n)
{
    bb_mailbox *box = NULL;
    bb_mailbox_message m;
    bb_err err = {0};
    bb_buf out = bb_buf_in(&arena, (size_t)1 << 20);
    if (!bb_mailbox_open(paths, n, &box, &err)) return bb_sprintf(&arena, "error %d", err.code);
    for (int got; (got = bb_mailbox_next(box, &m, &err)) != 0;) {
        if (got < 0) {
            bb_puts(&out, "[unreadable]");
            continue;
        }
        size_t tmp = strlen(tap_tmp()) + 1;
        bb_put(&out, bb_starts(m.source, BB_S("/")) ? bb_sub(m.source, tmp, BB_NPOS) : m.source);
        bb_putc(&out, '|');
        bb_put(&out, m.bytes);
        bb_putc(&out, '|');
    }
    bb_mailbox_close(&box);
    return bb_buf_str(&out);
}

static bb_str all_of_file(bb_str bytes)
{
    const char *path = put("box", bytes);
    return all_of(&path, 1);
}

/* ---- one file ------------------------------------------------------------------------------------------- */

#define FROM "From a@example.com Mon Nov 23 15:44:00 2026\n"

static void files(void)
{
    static const struct {
        const char *name, *bytes, *want;
    } rows[] = {
        {"an empty file holds nothing", "", ""},
        {"a message", "Subject: x\n\nhi\n", "box|Subject: x\n\nhi\n|"},
        {"a message that talks of From", "Subject: x\n\nFrom here\n\n" FROM,
         "box|Subject: x\n\nFrom here\n\n" FROM "|"},
        {"From without a date begins no mbox", "From here on\n\nx\n", "box|From here on\n\nx\n|"},
        {"an mbox of one", FROM "S: 1\n\nhi\n\n", "box#1|S: 1\n\nhi\n|"},
        {"an mbox of two", FROM "S: 1\n\nhi\n\n" FROM "S: 2\n\nho\n", "box#1|S: 1\n\nhi\n|box#2|S: 2\n\nho\n|"},
        {"no empty line before: no message", FROM "S: 1\n\nhi\n" FROM "x\n", "box#1|S: 1\n\nhi\n" FROM "x\n|"},
        {"no date: no message", FROM "S: 1\n\nhi\n\nFrom here on\n", "box#1|S: 1\n\nhi\n\nFrom here on\n|"},
        {"mboxrd", FROM "S: 1\n\n>From here\n>>From there\n> From\n\n",
         "box#1|S: 1\n\nFrom here\n>From there\n> From\n|"},
        {"quoting stays in a message that is no mbox", "S: 1\n\n>From here\n", "box|S: 1\n\n>From here\n|"},
        {"CRLF",
         "From a@b Mon Nov 23 15:44:00 2026\r\nS: 1\r\n\r\nhi\r\n\r\nFrom a@b Mon Nov 23 15:44:00 2026\r\nS: 2\r\n",
         "box#1|S: 1\r\n\r\nhi\r\n|box#2|S: 2\r\n|"},
        {"Content-Length is not believed", FROM "Content-Length: 9999\n\nhi\n\n" FROM "S: 2\n",
         "box#1|Content-Length: 9999\n\nhi\n|box#2|S: 2\n|"},
        {"an empty message between", FROM "\n" FROM "S: 2\n", "box#1||box#2|S: 2\n|"},
        {"no line end behind", FROM "S: 1\n\nhi", "box#1|S: 1\n\nhi|"},
        {"only the From line", "From a@b Mon Nov 23 15:44:00 2026", "box#1||"},
        {"CRCRLF",
         "From a@b Mon Nov 23 15:44:00 2026\r\r\nS: 1\r\r\n\r\r\nFrom a@b Mon Nov 23 15:44:00 2026\r\r\nS: 2\r\r\n",
         "box#1|S: 1\r\r\n|box#2|S: 2\r\r\n|"},
        {"lines that end by CR make one message", "From a@b Mon Nov 23 15:44:00 2026\rS: 1\r\rhi\r",
         "box|From a@b Mon Nov 23 15:44:00 2026\rS: 1\r\rhi\r|"},
        {"senders with spaces and zones", "From \"a b\"@x Mon Nov 23 15:44:00 +0100 2026\nS: 1\n\nhi\n\n",
         "box#1|S: 1\n\nhi\n|"},
        {"no sender", "From - Mon Nov 23 15:44:00 2026\nS: 1\n\n", "box#1|S: 1\n|"},
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++)
        is_str(all_of_file(bb_cstr(rows[i].bytes)), bb_cstr(rows[i].want), "%s", rows[i].name);
}

/* Lines and messages around the window's edge come out as they went in. */
static void windows(void)
{
    static const size_t sizes[] = {1, 262100, 262143, 262144, 262145, 524288, 1000000};
    for (size_t i = 0; i < BB_COUNT(sizes); i++) {
        bb_buf b = bb_buf_in(&arena, (size_t)4 << 20);
        bb_puts(&b, FROM "S: 1\n\n");
        for (size_t k = 0; k < sizes[i]; k++) bb_putc(&b, k + 1 < sizes[i] ? 'x' : '>');
        bb_puts(&b, "From \n\n" FROM "S: 2\n\n>From x\n");
        const char *path = put("box", bb_buf_str(&b));
        bb_mailbox *box = NULL;
        bb_mailbox_message m = {0};
        ok(bb_mailbox_open(&path, 1, &box, NULL) && bb_mailbox_next(box, &m, NULL) == 1, "a line of %zu", sizes[i]);
        is_int(m.bytes.n, 6 + sizes[i] + 6 - (sizes[i] == 1), "whole (the one > of %zu is quoting)", sizes[i]);
        is_int(m.from_line, bb_time_iso(BB_S("2026-11-23T15:44:00Z")), "with its date");
        ok(bb_mailbox_next(box, &m, NULL) == 1, "and the next");
        is_str(m.bytes, BB_S("S: 2\n\nFrom x\n"), "whole");
        is_int(m.done, m.total, "all was read");
        ok(bb_mailbox_next(box, &m, NULL) == 0, "and no more");
        bb_mailbox_close(&box);
    }
}

static void long_message(void)
{
    const char *path = put("box", BB_S(FROM "S: 1\n\n"));
    FILE *f = fopen(path, "ab");
    static char line[1 << 16];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (size_t n = 0; n < BB_MESSAGE_MAX + sizeof line; n += sizeof line) fwrite(line, 1, sizeof line, f);
    fputs("\n" FROM "S: 2\n", f);
    fclose(f);
    bb_mailbox *box = NULL;
    bb_mailbox_message m = {0};
    ok(bb_mailbox_open(&path, 1, &box, NULL) && bb_mailbox_next(box, &m, NULL) == 1, "a message beyond the limit");
    ok(m.cut && m.bytes.n == BB_MESSAGE_MAX, "is cut there, and marked");
    ok(bb_mailbox_next(box, &m, NULL) == 1 && !m.cut, "the next one is whole");
    is_str(m.bytes, BB_S("S: 2\n"), "and itself");
    bb_mailbox_close(&box);
    unlink(path);
}

/* ---- folders ---------------------------------------------------------------------------------------------- */

static void folders(void)
{
    put("f/b.eml", BB_S("S: b\n"));
    put("f/a.eml", BB_S("S: a\n"));
    put("f/.hidden", BB_S("S: no\n"));
    put("f/empty", BB_S(""));
    put("f/z/one", BB_S(FROM "S: one\n\nx\n"));
    put("f/z/two", BB_S(FROM "S: 1\n\n" FROM "S: 2\n"));
    put("f/.git/x", BB_S("S: no\n"));
    put("f/mail/cur/2:2,S", BB_S("S: cur\n"));
    put("f/mail/new/1", BB_S("S: new\n"));
    put("f/mail/tmp/0", BB_S("S: half\n"));
    put("f/mail/dovecot.index", BB_S("S: no\n"));
    ok(symlink("..", in_tmp("f/z/loop")) == 0 && symlink("../b.eml", in_tmp("f/z/link")) == 0 &&
           symlink("nowhere", in_tmp("f/z/dangling")) == 0 && mkfifo(in_tmp("f/fifo"), 0600) == 0,
       "links and a pipe");
    const char *f = in_tmp("f"), *slash = in_tmp("f/mail///"), *two[] = {in_tmp("f/b.eml"), in_tmp("f/z")};
    is_str(all_of(&f, 1),
           BB_S("f/a.eml|S: a\n|f/b.eml|S: b\n|f/mail/cur/2:2,S|S: cur\n|f/mail/new/1|S: new\n|f/z/link|S: b\n|"
                "f/z/one|S: one\n\nx\n|f/z/two#1|S: 1\n|f/z/two#2|S: 2\n|"),
           "a folder");
    is_str(all_of(&slash, 1), BB_S("f/mail/cur/2:2,S|S: cur\n|f/mail/new/1|S: new\n|"), "a Maildir");
    is_str(all_of(two, 2),
           BB_S("f/b.eml|S: b\n|f/z/link|S: b\n|f/z/one|S: one\n\nx\n|f/z/two#1|S: 1\n|f/z/two#2|S: 2\n|"),
           "several paths, in their order");
    const char *nothing = in_tmp("nothing"), *through = in_tmp("f/b.eml/x");
    is_str(all_of(&nothing, 1), bb_sprintf(&arena, "error %d", BB_ENOINPUT), "a path that is not there");
    is_str(all_of(&through, 1), bb_sprintf(&arena, "error %d", BB_ENOINPUT), "a path through a file");
}

static void unreadable(void)
{
    put("u/1", BB_S("S: 1\n"));
    put("u/2", BB_S("S: 2\n"));
    put("u/3", BB_S("S: 3\n"));
    put("u/sub/4", BB_S("S: 4\n"));
    chmod(in_tmp("u/2"), 0);
    chmod(in_tmp("u/sub"), 0);
    const char *u = in_tmp("u");
    if (geteuid() == 0) tap_skip("root reads everything", "an unreadable file is told, and the others are read");
    else is_str(all_of(&u, 1), BB_S("u/1|S: 1\n|[unreadable]u/3|S: 3\n|[unreadable]"), "the others are read");
    chmod(in_tmp("u/sub"), 0700);
}

static void streams(void)
{
    const char *fifo = in_tmp("stream");
    ok(mkfifo(fifo, 0600) == 0, "a pipe");
    pid_t child = fork();
    if (child == 0) {
        int fd = open(fifo, O_WRONLY);
        static const char text[] = FROM "S: 1\n\nhi\n\n" FROM "S: 2\n";
        for (size_t i = 0; i < sizeof text - 1; i++)
            if (write(fd, text + i, 1) != 1) _exit(1);
        _exit(0);
    }
    is_str(all_of(&fifo, 1), BB_S("stream#1|S: 1\n\nhi\n|stream#2|S: 2\n|"), "read byte by byte");
    waitpid(child, NULL, 0);
}

/* What a delivering program holds locked is waited for, and what it adds behind the size of then is left alone. */
static void locked(void)
{
    const char *path = put("locked", BB_S(FROM "S: 1\n"));
    int ready[2];
    if (pipe(ready) < 0) return;
    pid_t child = fork();
    if (child == 0) {
        int fd = open(path, O_RDWR);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        if (fcntl(fd, F_SETLK, &lock) < 0 || write(ready[1], "x", 1) != 1) _exit(1);
        usleep(300000);
        if (pwrite(fd, "\n" FROM "S: 2\n", sizeof FROM + 5, sizeof FROM + 4) < 0) _exit(1);
        _exit(0);
    }
    char c;
    ok(read(ready[0], &c, 1) == 1, "somebody delivers");
    is_str(all_of(&path, 1), BB_S("locked#1|S: 1\n|locked#2|S: 2\n|"), "the reader waits for it");
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
}

/* ---- small files ------------------------------------------------------------------------------------------ */

static void small_files(void)
{
    bb_err err = {0};
    bb_str got;
    struct stat st;
    const char *path = in_tmp("small");
    ok(bb_os_write_file(path, BB_S("one"), 0600, &err) && bb_os_append_file(path, BB_S(" two"), &err), "written");
    ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600, "with its mode");
    ok(bb_os_read_file(&arena, path, 7, &got, &err), "read at its limit");
    is_str(got, BB_S("one two"), "whole");
    ok(!bb_os_read_file(&arena, path, 6, &got, &err) && err.code == BB_EDATA, "refused beyond it");
    ok(!bb_os_write_file(in_tmp("no/such/file"), BB_S("x"), 0600, &err), "no folder: not written");
    ok(!bb_os_append_file(in_tmp("nothing"), BB_S("x"), &err) && err.code == BB_ENOINPUT, "append makes no file");
    ok(bb_os_read_file(&arena, "/dev/null", 10, &got, &err) && !got.n, "a device can be read");
    bool made;
    ok(bb_os_make_folder(in_tmp("home"), 0700, &made, &err) && made, "a folder");
    ok(bb_os_make_folder(in_tmp("home"), 0700, &made, &err) && !made, "that is there already");
    ok(!bb_os_make_folder(path, 0700, &made, &err) && err.code == BB_ECREATE, "a file is no folder");
    ok(!bb_os_make_folder(in_tmp("no/such"), 0700, &made, &err) && err.code == BB_ECREATE, "its parents must be there");
}

/* Another owner or group takes root, and is tried where configurations are written. */
static void replaced(void)
{
    bb_err err = {0};
    bb_str got;
    struct stat st;
    const char *path = in_tmp("replaced"), *link = in_tmp("link");
    ok(!bb_os_replace_file(path, BB_S("x"), &err) && err.code == BB_ENOINPUT, "what is not there is not replaced");
    ok(bb_os_write_file(path, BB_S("one"), 0640, &err) && symlink(path, link) == 0, "a file, and a link to it");
    ok(bb_os_replace_file(link, BB_S("two"), &err), "replaced through the link");
    ok(bb_os_read_file(&arena, path, 10, &got, &err) && bb_eq(got, BB_S("two")), "it is the file that is another");
    ok(lstat(link, &st) == 0 && S_ISLNK(st.st_mode), "the link stays one");
    ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0640, "and the mode stays");
}

/* ---- other programs --------------------------------------------------------------------------------------- */

static void programs(void)
{
    bb_run r;
    bb_err err = {0};
    const char *const speaks[] = {"sh", "-c", "cat; echo why >&2; exit 3", NULL};
    const char *const stays[] = {"sh", "-c", "echo begun; exec sleep 60", NULL}, *const nothing[] = {"no such program",
                                                                                                     NULL};
    ok(bb_os_run(&arena, speaks, BB_S("said"), &r, &err), "a program was run");
    is_str(r.output, BB_S("said"), "what it was given and says");
    is_str(r.complaints, BB_S("why\n"), "what it complains of");
    is_int(r.status, 3, "how it ended");
    ok(bb_os_run_for(&arena, stays, (bb_str){0}, 0.3, &r, &err), "one that stays is killed");
    is_int(r.status, 128 + 9, "and that is how it ended");
    ok(!bb_os_run(&arena, nothing, (bb_str){0}, &r, &err) && err.code == BB_ENOINPUT, "one that is not there: %s",
       err.text);
}

int main(void)
{
    bb_arena_init(&arena, &bb_os_alloc, BB_ARENA_LIMIT);
    files();
    windows();
    long_message();
    folders();
    unreadable();
    streams();
    locked();
    small_files();
    replaced();
    programs();
    bb_arena_free(&arena);
    return tap_done();
}
