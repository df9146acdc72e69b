/* SPDX-License-Identifier: MIT
 *
 * verp: return paths, written, read and verified (docs/design.md section 3).
 *
 * A signed token is a version letter and 32 lower-case base32 characters (RFC 4648 alphabet, no
 * padding): key id 8 bits, day since 1970 16, mailing 32 (0: none), subscriber 40, MAC 64. The MAC is
 * keyed BLAKE2b over purpose, version letter and the 12 octets before it (docs/return-paths.md, with
 * vectors in tests/fixtures/token-vectors.tsv for other implementations). A tag is a token without the
 * subscriber: 25 characters. That of a signed VERP path is bound to what stands around it, base, recipient
 * and domain, so it verifies in no other place; that of a mailing is bound to nothing.
 * Purposes never pass as each other. Comparison is in constant time. Case of what is read is ignored.
 * Errors  are results of their own, below. Threads: no state; call sodium_init() once before.
 */
#ifndef BB_CORE_VERP_H
#define BB_CORE_VERP_H

#include "core/base/base.h"

#define BB_TOKEN_VERSION    'a'
#define BB_TOKEN_LEN        33 /* version letter and 32 characters */
#define BB_TAG_LEN          25 /* version letter and 24 */
#define BB_SIGNED_LOCAL_LEN 40 /* "bounce-" and a token */
#define BB_SUBSCRIBER_MAX   ((uint64_t)((1ULL << 40) - 1))
#define BB_KEY_BYTES        32

/* The numbers go into the MAC: never renumber. */
typedef enum {
    BB_PURPOSE_RETURN_PATH = 0,
    BB_PURPOSE_UNSUBSCRIBE = 1,
    BB_PURPOSE_PROBE = 2,
    BB_PURPOSE_ENVID = 3,
    BB_PURPOSE_TAG = 4,     /* of tags only, as the next: a signed VERP path */
    BB_PURPOSE_MAILING = 5, /* one path for all of a mailing */
} bb_purpose;

/* Ids are 1 to 255 and never reused. A retired key verifies no more. */
typedef struct {
    uint8_t id;
    unsigned char secret[BB_KEY_BYTES];
    bb_time created;
    bool retired;
} bb_key;

/* The last key that is not retired signs. */
typedef struct {
    const bb_key *keys;
    size_t n;
} bb_keyring;
const bb_key *bb_keyring_signer(const bb_keyring *ring); /* NULL: none */

typedef struct {
    uint8_t key;
    uint16_t day; /* minted, days since 1970 */
    uint32_t mailing;
    uint64_t subscriber; /* a tag's is 0 */
} bb_token;

typedef enum {
    BB_TOKEN_OK,
    BB_TOKEN_MALFORMED, /* not a token of ours by its form */
    BB_TOKEN_UNKNOWN_KEY,
    BB_TOKEN_WRONG_MAC, /* somebody made it up, or for another purpose */
    BB_TOKEN_EXPIRED,   /* ours, and too old at the time asked about */
} bb_token_result;
const char *bb_token_result_word(bb_token_result r); /* "ok", "malformed", "unknown key", "wrong MAC", "expired" */

/* Writes the token, NUL behind it. False when the ids do not fit their widths, the key's id is 0 or the purpose is one
 * of tags; token.key is taken from `key`. */
bool bb_token_encode(const bb_key *key, bb_purpose purpose, bb_token token, char out[BB_TOKEN_LEN + 1]) BB_MUST_USE;
/* Verifies; on OK and EXPIRED *out is filled. `at`: event time at which expiry is judged;
 * lifetime in seconds counted from the start of the day of minting (that many seconds later it still holds, one more
 * and it does not), 0: never expires. */
bb_token_result bb_token_decode(const bb_keyring *ring, bb_purpose purpose, bb_str text, bb_time at, int64_t lifetime,
                                bb_token *out) BB_MUST_USE;
/* The fields without verifying anything: to show, never to act on. */
bool bb_token_peek(bb_str text, bb_token *out) BB_MUST_USE;

/* The same of tags, whose purpose is TAG or MAILING. `bound`: what the MAC is over beside the fields. */
bool bb_tag_encode(const bb_key *key, bb_purpose purpose, bb_str bound, bb_token token,
                   char out[BB_TAG_LEN + 1]) BB_MUST_USE;
bb_token_result bb_tag_decode(const bb_keyring *ring, bb_purpose purpose, bb_str bound, bb_str text, bb_time at,
                              int64_t lifetime, bb_token *out) BB_MUST_USE;
bool bb_tag_peek(bb_str text, bb_token *out) BB_MUST_USE;

typedef enum {
    BB_FORM_NONE,
    BB_FORM_SIGNED,      /* bounce-<token>@ */
    BB_FORM_PLAIN,       /* bounce-123456789@ */
    BB_FORM_VERP,        /* newsletter+user=domain.com@ */
    BB_FORM_SIGNED_VERP, /* newsletter+user=domain.com=<tag>@ */
    BB_FORM_MAILING,     /* bounce-<tag>+user=domain.com@, and bounce-<tag>@ as it is given to a server with XVERP */
    BB_FORM_UNSUBSCRIBE, /* unsubscribe-<token>@ */
    BB_FORM_ENVID,       /* <token>: no address, but the envelope id of RFC 3461 section 4.4 */
} bb_form;
const char *bb_form_word(
    bb_form f); /* "signed", "plain", "verp", "signed-verp", "mailing", "unsubscribe", "envid", "" */

typedef struct {
    bb_form form;
    bb_str address; /* whole, as found, without <> */
    bb_str domain;  /* of the return path, as found; where SRS was undone, the one that it held; ENVID: empty */
    bb_str token;   /* token or tag: lower case */
    bb_str number;  /* PLAIN: the digits */
    bb_str base;    /* VERP, SIGNED_VERP: what stands before the delimiter */
    bb_str victim;  /* VERP, SIGNED_VERP, MAILING: the address inside, decoded ("user@domain.com"); empty: none */
} bb_return_path;

/* Looks at the form alone; needs no key. What others wrapped around it (BATV, SRS) and quotes are undone first; a local
 * part of any length is read. False: none of the forms. */
bool bb_return_path_read(bb_arena *a, bb_str address, bb_return_path *out) BB_MUST_USE;

/* Might an address of the text be one? Most texts have neither a hyphen nor an equals sign, and no form goes without. */
bool bb_return_path_may_be_in(bb_str text);

/* Verifies what holds a token or a tag, each form for its own purpose; MALFORMED for the other forms. `at`, `lifetime`
 * and *out as for bb_token_decode; unsubscribing never expires. */
bb_token_result bb_return_path_verify(bb_arena *a, const bb_keyring *ring, const bb_return_path *p, bb_time at,
                                      int64_t lifetime, bb_token *out) BB_MUST_USE;
/* One of ours that names no subscriber: made to see whether bounces come home, and verified for that purpose. By its form
 * alone, as long as it is not verified. */
bool bb_return_path_is_probe(const bb_return_path *p);
/* The fields without verifying anything: to show, never to act on. False: the form has none. */
bool bb_return_path_peek(const bb_return_path *p, bb_token *out) BB_MUST_USE;

/* Writers; results in the arena. False with err: the parts do not give a valid address (a local part
 * over 64 octets, a quoted or non-ASCII recipient, an empty domain), or would not be read back as they were (VERP with
 * another delimiter than '+', or one within the base). Where the recipient is what does not fit, SIGNED always does. */
bool bb_return_path_signed(bb_arena *a, const char *token, bb_str domain, bb_str *out, bb_err *err) BB_MUST_USE;
bool bb_return_path_unsubscribe(bb_arena *a, const char *token, bb_str domain, bb_str *out, bb_err *err) BB_MUST_USE;
bool bb_return_path_plain(bb_arena *a, uint64_t number, bb_str domain, bb_str *out, bb_err *err) BB_MUST_USE;
bool bb_return_path_verp(bb_arena *a, bb_str base, char delimiter, bb_str recipient, bb_str domain, bb_str *out,
                         bb_err *err) BB_MUST_USE;
/* Of `token` day and mailing count. */
bool bb_return_path_signed_verp(bb_arena *a, const bb_key *key, bb_token token, bb_str base, bb_str recipient,
                                bb_str domain, bb_str *out, bb_err *err) BB_MUST_USE;
/* Of `token` day and mailing count, and there must be a mailing. `recipient` empty: the sender for XVERP. */
bool bb_return_path_mailing(bb_arena *a, const bb_key *key, bb_token token, bb_str recipient, bb_str domain,
                            bb_str *out, bb_err *err) BB_MUST_USE;

#endif
