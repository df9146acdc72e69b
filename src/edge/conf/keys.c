/* SPDX-License-Identifier: MIT
 *
 * The key file, read and written.
 */
#include "edge/conf/keys.h"

#include <sodium.h>
#include <sys/stat.h>

#include "edge/os/os.h"

#define FILE_MAX ((size_t)64 << 10)
#define HEX_LEN  (2 * BB_KEY_BYTES)

static bool private_file(const char *path, bb_err *err)
{
    struct stat st;
    if (stat(path, &st) < 0) return bb_os_fail(err, BB_EIO, path, "find it");
    if (!S_ISREG(st.st_mode)) return bb_fail(err, BB_ECONFIG, "%s: is no file", path);
    if (st.st_mode & 077)
        return bb_fail(err, BB_ECONFIG,
                       "%s: others may read or write it (mode %03o); chmod 600 it, and if anybody else had "
                       "access, \"key add\" a new one and \"key retire\" the old",
                       path, st.st_mode & 0777U);
    return true;
}

static bool take_word(bb_str *rest, bb_str *word)
{
    while (bb_split(rest, ' ', word))
        if (word->n) return true;
    return false;
}

/* "ID SECRET CREATED STATE" */
static bool read_key(bb_str line, uint8_t last_id, bb_key *out)
{
    bb_str id, secret, created, state, more;
    uint64_t number;
    size_t n;
    if (!take_word(&line, &id) || !take_word(&line, &secret) || !take_word(&line, &created) ||
        !take_word(&line, &state) || take_word(&line, &more))
        return false;
    if (!bb_u64(id, &number) || number <= last_id || number > BB_KEYS_MAX || secret.n != HEX_LEN) return false;
    *out = (bb_key){.id = (uint8_t)number, .created = bb_time_iso(created), .retired = bb_eq(state, BB_S("retired"))};
    if (sodium_hex2bin(out->secret, sizeof out->secret, secret.p, secret.n, NULL, &n, NULL) != 0 || n != BB_KEY_BYTES)
        return false;
    return out->created != BB_NO_TIME && (out->retired || bb_eq(state, BB_S("active")));
}

static bool read_lines(const char *path, bb_str text, bb_keys *out, bb_err *err)
{
    bb_str line;
    for (int number = 1; bb_line(&text, &line); number++) {
        line = bb_trim(line);
        if (!line.n || line.p[0] == '#') continue;
        uint8_t last = out->n ? out->keys[out->n - 1].id : 0;
        if (last == BB_KEYS_MAX || !read_key(line, last, &out->keys[out->n]))
            return bb_fail(err, BB_ECONFIG,
                           "%s:%d: not a key (a rising id, 64 hexadecimal digits, a date, active or retired); "
                           "restore the file from a backup",
                           path, number);
        out->n++;
    }
    if (!bb_keyring_signer(&(bb_keyring){out->keys, out->n}))
        return bb_fail(err, BB_ECONFIG, "%s: holds no active key; restore it from a backup", path);
    return true;
}

bool bb_keys_read(const char *path, bb_keys *out, bb_err *err)
{
    bb_arena a;
    bb_str text;
    *out = (bb_keys){0};
    bb_arena_init(&a, &bb_os_alloc, 2 * FILE_MAX);
    bool good = private_file(path, err) && bb_os_read_file(&a, path, FILE_MAX, &text, err);
    if (good) {
        good = read_lines(path, text, out, err);
        sodium_memzero((void *)(uintptr_t)text.p, text.n);
    }
    bb_arena_free(&a);
    return good;
}

bool bb_keys_write(const char *path, const bb_keys *keys, bb_err *err)
{
    bb_arena a;
    bb_arena_init(&a, &bb_os_alloc, 4 * FILE_MAX);
    bb_buf b = bb_buf_in(&a, FILE_MAX);
    bb_puts(&b, "# The secrets that sign return paths: id, secret, made, state. Keep a copy; show it to nobody.\n");
    for (size_t i = 0; i < keys->n; i++) {
        char hex[HEX_LEN + 1], made[BB_TIME_LEN];
        sodium_bin2hex(hex, sizeof hex, keys->keys[i].secret, BB_KEY_BYTES);
        bb_putf(&b, "%d %s %s %s\n", keys->keys[i].id, hex, bb_time_str(keys->keys[i].created, made),
                keys->keys[i].retired ? "retired" : "active");
        sodium_memzero(hex, sizeof hex);
    }
    bool good = !a.failed && !b.truncated ? bb_os_write_file(path, bb_buf_str(&b), 0600, err)
                                          : bb_fail(err, BB_ENOMEM, "%s: no memory to write it", path);
    if (b.p) sodium_memzero(b.p, b.n);
    bb_arena_free(&a);
    return good;
}

bool bb_keys_add(bb_keys *keys, bb_time now, bb_err *err)
{
    unsigned last = keys->n ? keys->keys[keys->n - 1].id : 0;
    if (last == BB_KEYS_MAX)
        return bb_fail(err, BB_EUSAGE, "all %d key ids are used up, and an id is never used again", BB_KEYS_MAX);
    bb_key *k = &keys->keys[keys->n++];
    *k = (bb_key){.id = (uint8_t)(last + 1), .created = now};
    randombytes_buf(k->secret, sizeof k->secret);
    return true;
}

bool bb_keys_retire(bb_keys *keys, uint64_t id, bb_err *err)
{
    bb_key *found = NULL;
    size_t active = 0;
    for (size_t i = 0; i < keys->n; i++) {
        active += !keys->keys[i].retired;
        if (keys->keys[i].id == id) found = &keys->keys[i];
    }
    if (!found) return bb_fail(err, BB_ENOINPUT, "there is no key %llu", (unsigned long long)id);
    if (!found->retired && active == 1)
        return bb_fail(err, BB_EUSAGE, "key %llu is the only active one; add another first", (unsigned long long)id);
    found->retired = true;
    return true;
}

bb_keyring bb_keys_ring(const bb_keys *keys)
{
    return (bb_keyring){keys->keys, keys->n};
}

void bb_keys_wipe(bb_keys *keys)
{
    sodium_memzero(keys, sizeof *keys);
}
