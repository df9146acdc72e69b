/* SPDX-License-Identifier: MIT
 *
 * Signed tokens: ids and a MAC in 33 characters, or 25, that survive every mail system (docs/return-paths.md).
 */
#include <sodium.h>
#include <string.h>

#include "core/verp/verp.h"

#define MAC_OCTETS   8
#define FIELD_OCTETS 12 /* of a token; a tag has the first 7 of them */
#define TAG_OCTETS   7
#define RAW_OCTETS   (FIELD_OCTETS + MAC_OCTETS)

_Static_assert(RAW_OCTETS * 8 == (BB_TOKEN_LEN - 1) * 5, "no bit of a token is left over");
_Static_assert((TAG_OCTETS + MAC_OCTETS) * 8 == (BB_TAG_LEN - 1) * 5, "nor of a tag");
_Static_assert(BB_KEY_BYTES == crypto_generichash_blake2b_KEYBYTES, "the key is BLAKE2b's");

/* ---- base32 (RFC 4648 section 6, lower case) ------------------------------------------------------ */

static void base32_write(const unsigned char *raw, size_t octets, char *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t bit = 0; bit < octets * 8; bit += 5) {
        unsigned two = (unsigned)raw[bit / 8] << 8 | (bit / 8 + 1 < octets ? raw[bit / 8 + 1] : 0U);
        *out++ = letters[two >> (11 - bit % 8) & 31];
    }
    *out = '\0';
}

static int base32_value(char c)
{
    c = bb_lower(c);
    if (c >= 'a' && c <= 'z') return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool base32_read(const char *text, unsigned char *raw, size_t octets)
{
    memset(raw, 0, octets);
    for (size_t bit = 0; bit < octets * 8; bit += 5) {
        int value = base32_value(*text++);
        if (value < 0) return false;
        unsigned two = (unsigned)value << (11 - bit % 8);
        raw[bit / 8] |= (unsigned char)(two >> 8);
        if (bit / 8 + 1 < octets) raw[bit / 8 + 1] |= (unsigned char)two;
    }
    return true;
}

/* ---- fields, big endian --------------------------------------------------------------------------- */

static void put(unsigned char **at, uint64_t value, int octets)
{
    while (octets--) *(*at)++ = (unsigned char)(value >> (8 * octets));
}

static uint64_t take(const unsigned char **at, int octets)
{
    uint64_t value = 0;
    while (octets--) value = value << 8 | *(*at)++;
    return value;
}

static void pack(const bb_token *t, size_t octets, unsigned char *at)
{
    put(&at, t->key, 1);
    put(&at, t->day, 2);
    put(&at, t->mailing, 4);
    if (octets == FIELD_OCTETS) put(&at, t->subscriber, 5);
}

static bb_token unpack(const unsigned char *at, size_t octets)
{
    bb_token t = {0};
    t.key = (uint8_t)take(&at, 1);
    t.day = (uint16_t)take(&at, 2);
    t.mailing = (uint32_t)take(&at, 4);
    if (octets == FIELD_OCTETS) t.subscriber = take(&at, 5);
    return t;
}

static bool read_raw(bb_str text, size_t fields, unsigned char raw[RAW_OCTETS])
{
    size_t octets = fields + MAC_OCTETS;
    return text.n == 1 + octets * 8 / 5 && bb_lower(text.p[0]) == BB_TOKEN_VERSION &&
           base32_read(text.p + 1, raw, octets);
}

/* ---- the MAC --------------------------------------------------------------------------------------- */

/* What a MAC vouches for. Purpose and version stand in its input, not in the text: a token of one purpose passes as no
 * other, and a purpose has one length of fields. */
typedef struct {
    bb_purpose purpose;
    size_t fields; /* octets */
    bb_str bound;  /* what else the MAC is over */
} claim;

static void mac(const bb_key *key, const claim *c, const unsigned char *fields, unsigned char out[MAC_OCTETS])
{
    crypto_generichash_blake2b_state state;
    unsigned char begin[2] = {(unsigned char)c->purpose, BB_TOKEN_VERSION}, digest[crypto_generichash_blake2b_BYTES];
    crypto_generichash_blake2b_init(&state, key->secret, sizeof key->secret, sizeof digest);
    crypto_generichash_blake2b_update(&state, begin, sizeof begin);
    crypto_generichash_blake2b_update(&state, fields, c->fields);
    if (c->bound.n) crypto_generichash_blake2b_update(&state, (const unsigned char *)c->bound.p, c->bound.n);
    crypto_generichash_blake2b_final(&state, digest, sizeof digest);
    sodium_memzero(&state, sizeof state); /* it is made of the secret */
    memcpy(out, digest, MAC_OCTETS);
}

static const bb_key *verifier(const bb_keyring *ring, uint8_t id)
{
    for (size_t i = 0; i < ring->n; i++)
        if (ring->keys[i].id == id && !ring->keys[i].retired) return &ring->keys[i];
    return NULL;
}

const bb_key *bb_keyring_signer(const bb_keyring *ring)
{
    for (size_t i = ring->n; i-- > 0;)
        if (!ring->keys[i].retired) return &ring->keys[i];
    return NULL;
}

/* ---- tokens and tags ------------------------------------------------------------------------------- */

static bool is_of_tags(bb_purpose purpose)
{
    return purpose == BB_PURPOSE_TAG || purpose == BB_PURPOSE_MAILING;
}

static bool encode(const bb_key *key, const claim *c, bb_token token, char *out)
{
    unsigned char raw[RAW_OCTETS];
    if (!key->id) return false;
    token.key = key->id;
    pack(&token, c->fields, raw);
    mac(key, c, raw, raw + c->fields);
    out[0] = BB_TOKEN_VERSION;
    base32_write(raw, c->fields + MAC_OCTETS, out + 1);
    return true;
}

bool bb_token_encode(const bb_key *key, bb_purpose purpose, bb_token token, char out[BB_TOKEN_LEN + 1])
{
    claim c = {.purpose = purpose, .fields = FIELD_OCTETS};
    return !is_of_tags(purpose) && token.subscriber <= BB_SUBSCRIBER_MAX && encode(key, &c, token, out);
}

bool bb_tag_encode(const bb_key *key, bb_purpose purpose, bb_str bound, bb_token token, char out[BB_TAG_LEN + 1])
{
    claim c = {.purpose = purpose, .fields = TAG_OCTETS, .bound = bound};
    return is_of_tags(purpose) && encode(key, &c, token, out);
}

static bool expired(const bb_token *t, bb_time at, int64_t lifetime)
{
    bb_time minted = t->day * BB_DAY;
    return lifetime && at > minted && at - minted > lifetime;
}

static bb_token_result decode(const bb_keyring *ring, const claim *c, bb_str text, bb_time at, int64_t lifetime,
                              bb_token *out)
{
    unsigned char raw[RAW_OCTETS], expected[MAC_OCTETS];
    if (!read_raw(text, c->fields, raw)) return BB_TOKEN_MALFORMED;
    bb_token token = unpack(raw, c->fields);
    const bb_key *key = verifier(ring, token.key);
    if (!key) return BB_TOKEN_UNKNOWN_KEY;
    mac(key, c, raw, expected);
    if (sodium_memcmp(raw + c->fields, expected, MAC_OCTETS) != 0) return BB_TOKEN_WRONG_MAC;
    *out = token;
    return expired(&token, at, lifetime) ? BB_TOKEN_EXPIRED : BB_TOKEN_OK;
}

bb_token_result bb_token_decode(const bb_keyring *ring, bb_purpose purpose, bb_str text, bb_time at, int64_t lifetime,
                                bb_token *out)
{
    claim c = {.purpose = purpose, .fields = FIELD_OCTETS};
    return is_of_tags(purpose) ? BB_TOKEN_MALFORMED : decode(ring, &c, text, at, lifetime, out);
}

bb_token_result bb_tag_decode(const bb_keyring *ring, bb_purpose purpose, bb_str bound, bb_str text, bb_time at,
                              int64_t lifetime, bb_token *out)
{
    claim c = {.purpose = purpose, .fields = TAG_OCTETS, .bound = bound};
    return is_of_tags(purpose) ? decode(ring, &c, text, at, lifetime, out) : BB_TOKEN_MALFORMED;
}

static bool peek(bb_str text, size_t fields, bb_token *out)
{
    unsigned char raw[RAW_OCTETS];
    if (!read_raw(text, fields, raw)) return false;
    *out = unpack(raw, fields);
    return true;
}

bool bb_token_peek(bb_str text, bb_token *out)
{
    return peek(text, FIELD_OCTETS, out);
}

bool bb_tag_peek(bb_str text, bb_token *out)
{
    return peek(text, TAG_OCTETS, out);
}

const char *bb_token_result_word(bb_token_result r)
{
    static const char *const words[] = {"ok", "malformed", "unknown key", "wrong MAC", "expired"};
    return (size_t)r < BB_COUNT(words) ? words[r] : "";
}
