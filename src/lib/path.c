/* SPDX-License-Identifier: MIT
 *
 * Tokens and return paths.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/address.h"
#include "core/verp/verp.h"
#include "lib/internal.h"

_Static_assert(BOUNCEBOX_TOKEN_SIZE == BB_TOKEN_LEN + 1, "a token and its NUL");
_Static_assert(BOUNCEBOX_ADDRESS_SIZE > BB_ADDRESS_MAX, "an address and its NUL");
_Static_assert(sizeof((bouncebox_key *)NULL)->secret == BB_KEY_BYTES, "a whole secret");

/* ---- tokens ------------------------------------------------------------------------------------------------------------ */

static bool is_purpose(int purpose)
{
    return purpose >= BOUNCEBOX_PURPOSE_RETURN_PATH && purpose <= BOUNCEBOX_PURPOSE_ENVID;
}

static bb_key core_key(const bouncebox_key *k)
{
    bb_key key = {.id = (uint8_t)k->id, .created = BB_NO_TIME, .retired = k->retired != 0};
    memcpy(key.secret, k->secret, sizeof key.secret);
    return key;
}

/* Key and fields as the core has them; the key is the caller's to wipe. */
static int core_fields(const bouncebox_key *key, const bouncebox_token *token, bb_key *signer, bb_token *fields,
                       bouncebox_error *err)
{
    if (!key->id || key->id > UINT8_MAX) return lib_fail(err, BOUNCEBOX_EDATA, "token: key ids are 1 to 255");
    if (token->minted < 0 || token->minted / BB_DAY > UINT16_MAX)
        return lib_fail(err, BOUNCEBOX_EDATA, "token: days from 1970 to 2149 fit");
    lib_start();
    *signer = core_key(key);
    *fields = (bb_token){
        .day = (uint16_t)(token->minted / BB_DAY), .mailing = token->mailing, .subscriber = token->subscriber};
    return BOUNCEBOX_OK;
}

int bouncebox_token_make(const bouncebox_key *key, int purpose, const bouncebox_token *token, char *out, size_t size,
                         bouncebox_error *err)
{
    char text[BB_TOKEN_LEN + 1];
    bb_key signer;
    bb_token fields;
    lib_begin(err);
    if (!key || !token || !out || !is_purpose(purpose))
        return lib_fail(err, BOUNCEBOX_EUSAGE, "token: no key, token, room or such purpose");
    if (size < sizeof text) return lib_put(bb_cstr("token"), out, 0, err);
    int code = core_fields(key, token, &signer, &fields, err);
    if (code != BOUNCEBOX_OK) return code;
    bool made = bb_token_encode(&signer, (bb_purpose)purpose, fields, text);
    sodium_memzero(&signer, sizeof signer);
    if (!made) return lib_fail(err, BOUNCEBOX_EDATA, "token: subscriber ids are below 2^40");
    return lib_put(bb_cstr(text), out, size, err);
}

/* The core's verifying asks of one key only: the one that the token names. */
static size_t core_ring(const bouncebox_key *keys, size_t n, bool peeked, const bb_token *fields, bb_key *key)
{
    for (size_t i = 0; peeked && i < n; i++) {
        if (keys[i].id != fields->key || !fields->key || keys[i].retired) continue;
        *key = core_key(&keys[i]);
        return 1;
    }
    return 0;
}

static int verified(bb_token_result r, const bb_token *fields, bouncebox_token *out)
{
    if (out && (r == BB_TOKEN_OK || r == BB_TOKEN_EXPIRED))
        *out = (bouncebox_token){.minted = fields->day * BB_DAY,
                                 .subscriber = fields->subscriber,
                                 .mailing = fields->mailing,
                                 .key = fields->key};
    return (int)r;
}

int bouncebox_token_read(const bouncebox_key *keys, size_t n, int purpose, const char *text, int64_t at,
                         int64_t lifetime, bouncebox_token *out)
{
    bb_token fields = {0};
    bb_key key = {0};
    if (!text || (!keys && n) || !is_purpose(purpose) || lifetime < 0) return -1;
    lib_start();
    bool peeked = bb_token_peek(bb_cstr(text), &fields);
    bb_keyring ring = {&key, core_ring(keys, n, peeked, &fields, &key)};
    bb_token_result r = bb_token_decode(&ring, (bb_purpose)purpose, bb_cstr(text), at, lifetime, &fields);
    sodium_memzero(&key, sizeof key);
    return verified(r, &fields, out);
}

int bouncebox_return_path_verify(const bouncebox_key *keys, size_t n, const char *address, int64_t at, int64_t lifetime,
                                 bouncebox_token *out)
{
    bb_arena a;
    bb_return_path path;
    bb_token fields = {0};
    bb_key key = {0};
    bb_token_result r = BB_TOKEN_MALFORMED;
    if (!address || (!keys && n) || lifetime < 0) return -1;
    lib_start();
    bb_arena_init(&a, &lib_alloc, BB_ARENA_LIMIT);
    if (bb_return_path_read(&a, bb_cstr(address), &path)) {
        bb_keyring ring = {&key, core_ring(keys, n, bb_return_path_peek(&path, &fields), &fields, &key)};
        r = bb_return_path_verify(&a, &ring, &path, at, lifetime, &fields);
    }
    bool good = !a.failed;
    sodium_memzero(&key, sizeof key);
    bb_arena_free(&a);
    return good ? verified(r, &fields, out) : -1;
}

/* ---- writing return paths -------------------------------------------------------------------------------------------------- */

/* What each of the writers works with. */
typedef struct {
    bb_arena arena;
    bb_str path;
    bb_err why;
} writing;

static void begin(writing *w)
{
    *w = (writing){0};
    bb_arena_init(&w->arena, &lib_alloc, BB_ARENA_LIMIT);
}

/* What was made goes to the caller, and the memory goes. */
static int end(writing *w, bool good, char *out, size_t size, bouncebox_error *err)
{
    int code = !good ? lib_fail_as(err, &w->why) : lib_put(w->path, out, size, err);
    if (w->arena.failed) code = lib_fail(err, BOUNCEBOX_ENOMEM, "out of memory");
    bb_arena_free(&w->arena);
    return code;
}

int bouncebox_return_path_signed(const char *token, const char *domain, char *out, size_t size, bouncebox_error *err)
{
    writing w;
    lib_begin(err);
    if (!token || !domain) return lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no token or domain");
    begin(&w);
    bool good = bb_return_path_signed(&w.arena, token, bb_cstr(domain), &w.path, &w.why);
    return end(&w, good, out, size, err);
}

int bouncebox_return_path_plain(uint64_t number, const char *domain, char *out, size_t size, bouncebox_error *err)
{
    writing w;
    lib_begin(err);
    if (!domain) return lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no domain");
    begin(&w);
    bool good = bb_return_path_plain(&w.arena, number, bb_cstr(domain), &w.path, &w.why);
    return end(&w, good, out, size, err);
}

int bouncebox_return_path_verp(const char *base, const char *recipient, const char *domain, char *out, size_t size,
                               bouncebox_error *err)
{
    writing w;
    lib_begin(err);
    if (!base || !recipient || !domain)
        return lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no base, recipient or domain");
    begin(&w);
    bool good = bb_return_path_verp(&w.arena, bb_cstr(base), '+', bb_cstr(recipient), bb_cstr(domain), &w.path, &w.why);
    return end(&w, good, out, size, err);
}

int bouncebox_return_path_unsubscribe(const char *token, const char *domain, char *out, size_t size,
                                      bouncebox_error *err)
{
    writing w;
    lib_begin(err);
    if (!token || !domain) return lib_fail(err, BOUNCEBOX_EUSAGE, "unsubscribing: no token or domain");
    begin(&w);
    bool good = bb_return_path_unsubscribe(&w.arena, token, bb_cstr(domain), &w.path, &w.why);
    return end(&w, good, out, size, err);
}

int bouncebox_return_path_signed_verp(const bouncebox_key *key, const bouncebox_token *token, const char *base,
                                      const char *recipient, const char *domain, char *out, size_t size,
                                      bouncebox_error *err)
{
    writing w;
    bb_key signer;
    bb_token fields;
    lib_begin(err);
    if (!key || !token || !base || !recipient || !domain)
        return lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no key, token, base, recipient or domain");
    int code = core_fields(key, token, &signer, &fields, err);
    if (code != BOUNCEBOX_OK) return code;
    begin(&w);
    bool good = bb_return_path_signed_verp(&w.arena, &signer, fields, bb_cstr(base), bb_cstr(recipient),
                                           bb_cstr(domain), &w.path, &w.why);
    sodium_memzero(&signer, sizeof signer);
    return end(&w, good, out, size, err);
}

int bouncebox_return_path_mailing(const bouncebox_key *key, const bouncebox_token *token, const char *recipient,
                                  const char *domain, char *out, size_t size, bouncebox_error *err)
{
    writing w;
    bb_key signer;
    bb_token fields;
    lib_begin(err);
    if (!key || !token || !domain) return lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no key, token or domain");
    int code = core_fields(key, token, &signer, &fields, err);
    if (code != BOUNCEBOX_OK) return code;
    begin(&w);
    bool good = bb_return_path_mailing(&w.arena, &signer, fields, bb_cstr(recipient), bb_cstr(domain), &w.path, &w.why);
    sodium_memzero(&signer, sizeof signer);
    return end(&w, good, out, size, err);
}

/* ---- reading return paths ---------------------------------------------------------------------------------------------------- */

/* The struct that the caller sees comes first, so that its address is that of the whole. */
typedef struct {
    bouncebox_return_path path;
    bb_arena arena;
} kept_path;

const bouncebox_return_path *bouncebox_return_path_read(const char *address, bouncebox_error *err)
{
    bb_return_path read = {0};
    lib_begin(err);
    if (!address) {
        lib_fail(err, BOUNCEBOX_EUSAGE, "return path: no address");
        return NULL;
    }
    kept_path *k = calloc(1, sizeof *k);
    if (!k) {
        lib_fail(err, BOUNCEBOX_ENOMEM, "out of memory");
        return NULL;
    }
    bb_arena *a = &k->arena;
    bb_arena_init(a, &lib_alloc, BB_ARENA_LIMIT);
    if (!bb_return_path_read(a, bb_cstr(address), &read)) read = (bb_return_path){0};
    k->path = (bouncebox_return_path){(int)read.form,          lib_text(a, read.address), lib_text(a, read.domain),
                                      lib_text(a, read.token), lib_text(a, read.number),  lib_text(a, read.base),
                                      lib_text(a, read.victim)};
    if (!a->failed) return &k->path;
    bouncebox_return_path_free(&k->path);
    lib_fail(err, BOUNCEBOX_ENOMEM, "out of memory");
    return NULL;
}

void bouncebox_return_path_free(const bouncebox_return_path *path)
{
    kept_path *k = (kept_path *)(uintptr_t)path;
    if (!k) return;
    bb_arena_free(&k->arena);
    free(k);
}
