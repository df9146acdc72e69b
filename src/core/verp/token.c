/* SPDX-License-Identifier: MIT
 *
 * Signed tokens: ids and a MAC in 33 characters that survive every mail system (docs/return-paths.md).
 */
#include <sodium.h>
#include <string.h>

#include "core/verp/verp.h"

#define VERSION      'a'
#define FIELD_OCTETS 12
#define MAC_OCTETS   8
#define RAW_OCTETS   (FIELD_OCTETS + MAC_OCTETS)

_Static_assert(RAW_OCTETS * 8 == (BB_TOKEN_LEN - 1) * 5, "no bit of a token is left over");
_Static_assert(BB_KEY_BYTES == crypto_generichash_blake2b_KEYBYTES, "the key is BLAKE2b's");

/* ---- base32 (RFC 4648 section 6, lower case) ------------------------------------------------------ */

static void base32_write(const unsigned char raw[RAW_OCTETS], char *out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t bit = 0; bit < RAW_OCTETS * 8; bit += 5) {
        unsigned two = (unsigned)raw[bit / 8] << 8 | (bit / 8 + 1 < RAW_OCTETS ? raw[bit / 8 + 1] : 0U);
        *out++ = letters[two >> (11 - bit % 8) & 31];
    }
}

static int base32_value(char c)
{
    c = bb_lower(c);
    if (c >= 'a' && c <= 'z') return c - 'a';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool base32_read(const char *text, unsigned char raw[RAW_OCTETS])
{
    memset(raw, 0, RAW_OCTETS);
    for (size_t bit = 0; bit < RAW_OCTETS * 8; bit += 5) {
        int value = base32_value(*text++);
        if (value < 0) return false;
        unsigned two = (unsigned)value << (11 - bit % 8);
        raw[bit / 8] |= (unsigned char)(two >> 8);
        if (bit / 8 + 1 < RAW_OCTETS) raw[bit / 8 + 1] |= (unsigned char)two;
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

static void pack(const bb_token *t, unsigned char *at)
{
    put(&at, t->key, 1);
    put(&at, t->day, 2);
    put(&at, t->mailing, 4);
    put(&at, t->subscriber, 5);
}

static bb_token unpack(const unsigned char *at)
{
    bb_token t;
    t.key = (uint8_t)take(&at, 1);
    t.day = (uint16_t)take(&at, 2);
    t.mailing = (uint32_t)take(&at, 4);
    t.subscriber = take(&at, 5);
    return t;
}

static bool read_raw(bb_str text, unsigned char raw[RAW_OCTETS])
{
    return text.n == BB_TOKEN_LEN && bb_lower(text.p[0]) == VERSION && base32_read(text.p + 1, raw);
}

/* ---- the MAC --------------------------------------------------------------------------------------- */

/* Purpose and version stand in the input, not in the token: a token of one passes as no other. */
static void mac(const bb_key *key, bb_purpose purpose, const unsigned char fields[FIELD_OCTETS],
                unsigned char out[MAC_OCTETS])
{
    unsigned char input[2 + FIELD_OCTETS] = {(unsigned char)purpose, VERSION};
    unsigned char digest[crypto_generichash_blake2b_BYTES];
    memcpy(input + 2, fields, FIELD_OCTETS);
    crypto_generichash_blake2b(digest, sizeof digest, input, sizeof input, key->secret, sizeof key->secret);
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

/* ---- tokens ---------------------------------------------------------------------------------------- */

bool bb_token_encode(const bb_key *key, bb_purpose purpose, bb_token token, char out[BB_TOKEN_LEN + 1])
{
    unsigned char raw[RAW_OCTETS];
    if (!key->id || token.subscriber > BB_SUBSCRIBER_MAX) return false;
    token.key = key->id;
    pack(&token, raw);
    mac(key, purpose, raw, raw + FIELD_OCTETS);
    out[0] = VERSION;
    base32_write(raw, out + 1);
    out[BB_TOKEN_LEN] = '\0';
    return true;
}

static bool expired(const bb_token *t, bb_time at, int64_t lifetime)
{
    bb_time minted = t->day * BB_DAY;
    return lifetime && at > minted && at - minted > lifetime;
}

bb_token_result bb_token_decode(const bb_keyring *ring, bb_purpose purpose, bb_str text, bb_time at, int64_t lifetime,
                                bb_token *out)
{
    unsigned char raw[RAW_OCTETS], expected[MAC_OCTETS];
    if (!read_raw(text, raw)) return BB_TOKEN_MALFORMED;
    bb_token token = unpack(raw);
    const bb_key *key = verifier(ring, token.key);
    if (!key) return BB_TOKEN_UNKNOWN_KEY;
    mac(key, purpose, raw, expected);
    if (sodium_memcmp(raw + FIELD_OCTETS, expected, MAC_OCTETS) != 0) return BB_TOKEN_WRONG_MAC;
    *out = token;
    return expired(&token, at, lifetime) ? BB_TOKEN_EXPIRED : BB_TOKEN_OK;
}

bool bb_token_peek(bb_str text, bb_token *out)
{
    unsigned char raw[RAW_OCTETS];
    if (!read_raw(text, raw)) return false;
    *out = unpack(raw);
    return true;
}

const char *bb_token_result_word(bb_token_result r)
{
    static const char *const words[] = {"ok", "malformed", "unknown key", "wrong MAC", "expired"};
    return (size_t)r < BB_COUNT(words) ? words[r] : "";
}
