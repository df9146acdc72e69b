/* SPDX-License-Identifier: MIT
 *
 * base: the small things every module stands on.
 *
 * Owns       slices, the arena, the growing buffer, error values, UTC time, hashing, JSON writing.
 * Ownership  a slice borrows: it is good as long as what it points into. What a function puts "in the
 *            arena" dies with the arena; nothing in core frees a single object.
 * Errors     are values. Running out of memory is sticky in the arena (bb_arena.failed): allocating
 *            helpers then answer NULL or an empty slice, callers go on, and whoever owns the arena
 *            asks once at the end.
 * Threads    no globals; one arena belongs to one thread at a time.
 */
#ifndef BB_CORE_BASE_H
#define BB_CORE_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define BB_MUST_USE          __attribute__((warn_unused_result))
#define BB_SELDOM            __attribute__((noinline)) /* kept out of what calls it, which is short without it */
#define BB_COUNT(array)      (sizeof(array) / sizeof((array)[0]))

/* ---- errors ------------------------------------------------------------------------------------ */

typedef enum {
    BB_OK = 0,
    BB_EUSAGE,   /* the caller's words are off: nothing was done */
    BB_EDATA,    /* the input is not what it claims to be */
    BB_ENOINPUT, /* a file or record that should be there is not */
    BB_ENOMEM,   /* the allocator or a ceiling said no */
    BB_EIO,      /* reading, writing or the database failed; trying again may help */
    BB_EBUSY,    /* somebody else holds it; try again */
    BB_ECONFIG,  /* the configuration is wrong */
    BB_EDENIED,  /* the system refuses us that file */
    BB_ECREATE,  /* a file or folder of ours cannot be made */
    BB_EAWAY,    /* a server cannot be reached, breaks off or is busy; try again */
    BB_ELOGIN,   /* a server refuses our login, or we its certificate */
    BB_EUNKNOWN, /* the outcome of a write is unknown: look before trying again */
    BB_EBUG,     /* ours */
} bb_code;

/* Filled once where the trouble starts, extended (never replaced) on the way up. */
typedef struct {
    bb_code code;
    char text[512]; /* one line for a person, without a trailing newline */
} bb_err;

/* Sets *err (which may be NULL) and answers false, so that `return bb_fail(...)` reads well. */
bool bb_fail(bb_err *err, bb_code code, const char *fmt, ...) BB_PRINTF(3, 4);
/* Puts "<what>: " before the text that is there. Answers false. */
bool bb_fail_in(bb_err *err, const char *fmt, ...) BB_PRINTF(2, 3);

/* ---- slices ------------------------------------------------------------------------------------ */

/* Borrowed bytes: never assumed to be text, never NUL-terminated unless said. {0} is the empty slice,
 * and the empty slice is how "unknown" is written in every record of ours. */
typedef struct {
    const char *p;
    size_t n;
} bb_str;

#define BB_S(literal) ((bb_str){"" literal, sizeof(literal) - 1})
#define BB_ROW(literal)                 \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    } /* the same, in a static table */
#define BB_FMT    "%.*s"
#define BB_ARG(s) ((int)((s).n > 4096 ? 4096 : (s).n)), ((s).p ? (s).p : "")

static inline bb_str bb_cstr(const char *nul_terminated) /* NULL gives the empty slice */
{
    return nul_terminated ? (bb_str){nul_terminated, strlen(nul_terminated)} : (bb_str){0};
}
static inline bool bb_empty(bb_str s)
{
    return s.n == 0;
}
static inline char bb_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
static inline bool bb_is_space(char c) /* space, tab, CR, LF */
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
static inline bool bb_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool bb_is_alnum(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26 || (unsigned char)(c - '0') < 10;
}
#define BB_NPOS ((size_t)-1)
static inline bb_str bb_sub(bb_str s, size_t from, size_t n) /* clamped to s; n may be BB_NPOS for "the rest" */
{
    size_t rest = from < s.n ? s.n - from : 0;
    return rest ? (bb_str){s.p + from, n < rest ? n : rest} : (bb_str){0};
}
/* Where a piece lies in a whole that it may be cut out of; BB_NPOS: nowhere. */
static inline size_t bb_offset_in(bb_str whole, bb_str piece)
{
    uintptr_t from = (uintptr_t)piece.p - (uintptr_t)whole.p;
    return whole.n && from <= whole.n && whole.n - from >= piece.n ? (size_t)from : BB_NPOS;
}
static inline bool bb_eq(bb_str a, bb_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool bb_same_letters(const char *a, const char *b, size_t n); /* ASCII case folded */
static inline bool bb_ieq(bb_str a, bb_str b)                 /* ASCII case folded, as in all the i* below */
{
    return a.n == b.n && (!a.n || (bb_lower(a.p[0]) == bb_lower(b.p[0]) && bb_same_letters(a.p, b.p, a.n)));
}
int bb_cmp(bb_str a, bb_str b); /* memcmp order, shorter first */
static inline bool bb_starts(bb_str s, bb_str with)
{
    return s.n >= with.n && (with.n == 0 || memcmp(s.p, with.p, with.n) == 0);
}
static inline bool bb_istarts(bb_str s, bb_str with)
{
    return s.n >= with.n && bb_same_letters(s.p, with.p, with.n);
}
static inline bool bb_iends(bb_str s, bb_str with)
{
    return s.n >= with.n && bb_same_letters(s.p + s.n - with.n, with.p, with.n);
}
/* Is s this word, or does it begin so, in any case? For tables of words that end with a NUL: nearly all differ in their
 * first letter, and no more of them is looked at. */
static inline size_t bb_common(bb_str s, const char *word)
{
    size_t n = 0;
    while (n < s.n && word[n] && bb_lower(s.p[n]) == bb_lower(word[n])) n++;
    return n;
}
static inline bool bb_is(bb_str s, const char *word)
{
    size_t n = bb_common(s, word);
    return n == s.n && !word[n];
}
static inline bool bb_begins(bb_str s, const char *word)
{
    return !word[bb_common(s, word)];
}
size_t bb_find(bb_str s, bb_str what); /* offset or BB_NPOS; so below. By the rarest sign of what is looked for */
size_t bb_ifind(bb_str s, bb_str what);
static inline size_t bb_chr(bb_str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : BB_NPOS;
}
size_t bb_rchr(bb_str s, char c);
static inline bb_str bb_trim(bb_str s) /* space, tab, CR, LF at both ends */
{
    while (s.n && bb_is_space(s.p[0])) s = (bb_str){s.p + 1, s.n - 1};
    while (s.n && bb_is_space(s.p[s.n - 1])) s.n--;
    return s;
}
/* Takes the next line off *rest, without its end (LF, CRLF, the CRCRLF of twice converted files, or a lone CR). False when
 * nothing is left. */
bool bb_line(bb_str *rest, bb_str *line);
/* Takes what stands before the next `sep` off *rest, or all of it. False when nothing is left. */
bool bb_split(bb_str *rest, char sep, bb_str *item);
/* A decimal number that is all of s. False (and *out untouched) for anything else or on overflow. */
bool bb_u64(bb_str s, uint64_t *out);

/* ---- arena ------------------------------------------------------------------------------------- */

/* Where memory comes from; injected, so that a test can let the n-th allocation fail. */
typedef struct {
    void *(*get)(void *ctx, size_t n);
    void (*put)(void *ctx, void *p);
    void *ctx;
} bb_alloc;

typedef struct bb_chunk bb_chunk;
typedef struct {
    const bb_alloc *alloc;
    bb_chunk *chunks;
    size_t used, limit; /* bytes handed out; ceiling for all of it */
    bool failed;        /* sticky: some request was refused */
} bb_arena;

#define BB_ARENA_LIMIT ((size_t)512 << 20)
void bb_arena_init(bb_arena *a, const bb_alloc *alloc, size_t limit);
void bb_arena_reset(bb_arena *a); /* forgets everything but keeps one chunk for the next message */
void bb_arena_free(bb_arena *a);
void *bb_get(bb_arena *a, size_t n);                        /* zeroed and aligned; NULL: see failed */
void *bb_get_array(bb_arena *a, size_t count, size_t size); /* the product is checked */
/* n bytes that begin with the `had` bytes of `old`, an object of this arena or NULL, and are not zeroed behind them: old
 * itself where it was the last one handed out and the room behind it does. NULL: see failed; old is as it was. */
void *bb_regrow(bb_arena *a, void *old, size_t had, size_t n);
bb_str bb_dup(bb_arena *a, bb_str s);                     /* a copy, with a NUL behind it */
bb_str bb_lowered(bb_arena *a, bb_str s);                 /* ASCII lower case; s itself where it is so already */
bb_str bb_cat(bb_arena *a, bb_str x, bb_str y, bb_str z); /* one behind the other, with a NUL behind them */
bb_str bb_sprintf(bb_arena *a, const char *fmt, ...) BB_PRINTF(2, 3);
/* Makes room for one more item in an arena array of `n` items: NULL on failure, else the new item
 * (zeroed). `array`, `n` and `cap` are updated. Usage: T *x = BB_PUSH(a, v.items, v.n, v.cap); */
void *bb_push(bb_arena *a, void **array, size_t *n, size_t *cap, size_t size);
#define BB_PUSH(a, items, n, cap) bb_push((a), (void **)&(items), &(n), &(cap), sizeof *(items))

/* ---- growing buffer ---------------------------------------------------------------------------- */

/* Bytes written one after another into an arena, up to `max`; beyond it nothing more is kept and
 * `truncated` says so. */
typedef struct {
    bb_arena *arena;
    char *p;
    size_t n, cap, max;
    bool truncated;
} bb_buf;

bb_buf bb_buf_in(bb_arena *a, size_t max);
bb_buf bb_buf_of(bb_arena *a, size_t n); /* with room for n bytes from the start, and no more */
/* Makes room for n more bytes behind what is there, or false: then the ceiling is reached, or the arena says no. */
bool bb_buf_grow(bb_buf *b, size_t n);
static inline bool bb_buf_room(bb_buf *b, size_t n) /* nearly always there is some */
{
    return n <= b->cap - b->n || bb_buf_grow(b, n);
}
void bb_put_to_end(bb_buf *b, bb_str s); /* as much as there is room for */
static inline void bb_put(bb_buf *b, bb_str s)
{
    if (s.n > b->cap - b->n) {
        bb_put_to_end(b, s);
    } else if (s.n) {
        memcpy(b->p + b->n, s.p, s.n);
        b->n += s.n;
    }
}
static inline void bb_putc(bb_buf *b, char c)
{
    if (bb_buf_room(b, 1)) b->p[b->n++] = c;
}
static inline void bb_puts(bb_buf *b, const char *nul_terminated)
{
    bb_put(b, bb_cstr(nul_terminated));
}
void bb_put_u64(bb_buf *b, uint64_t v); /* in decimal */
void bb_putf(bb_buf *b, const char *fmt, ...) BB_PRINTF(2, 3);
static inline bb_str bb_buf_str(const bb_buf *b)
{
    return (bb_str){b->p, b->n};
}

/* Hostile bytes for a log line or a terminal: control bytes and bytes that are not UTF-8 become
 * \xHH, at most `max` bytes of s are shown ("..." marks the cut). Result in the arena, NUL behind it. */
bb_str bb_safe(bb_arena *a, bb_str s, size_t max);

/* ---- UTF-8 ------------------------------------------------------------------------------------- */

/* The first byte from i on that is no ASCII; s.n: there is none. */
size_t bb_next_high(bb_str s, size_t i);
static inline bool bb_is_ascii(bb_str s)
{
    return bb_next_high(s, 0) == s.n;
}
bool bb_utf8_valid(bb_str s);
/* Are more of its bytes beyond ASCII well-formed than not? */
bool bb_utf8_mostly(bb_str s);
bool bb_has_ascii_control(bb_str s); /* C0 or DEL */
/* C0, DEL or C1, which a terminal obeys; s is valid UTF-8. */
bool bb_has_control(bb_str s);
/* s with every invalid byte replaced by U+FFFD; s itself where it is valid. */
bb_str bb_utf8_clean(bb_arena *a, bb_str s);
/* Writes the code point (U+FFFD for what is none); at most 4 bytes. */
void bb_put_utf8(bb_buf *b, uint32_t code_point);

/* ---- time -------------------------------------------------------------------------------------- */

/* Seconds since 1970-01-01T00:00:00Z, always UTC, without leap seconds. */
typedef int64_t bb_time;
#define BB_NO_TIME INT64_MIN /* unknown */
#define BB_DAY     ((bb_time)86400)
#define BB_HOUR    ((bb_time)3600)

/* RFC 5322 section 3.3 with the obsolete zones and the slips seen in the field; BB_NO_TIME if none. */
bb_time bb_time_rfc5322(bb_str s);
/* "2026-11-23", "2026-11-23T15:44:00Z", with an offset, with a space for the T, or "@" and seconds;
 * BB_NO_TIME if none. What operators type and --now takes. */
bb_time bb_time_iso(bb_str s);
/* The date of an mbox "From " line, or the whole line; asctime form, UTC where it says no zone; BB_NO_TIME if none. */
bb_time bb_time_asctime(bb_str s);
#define BB_TIME_LEN 21
/* "2026-11-23T15:44:00Z", or "" for BB_NO_TIME, into out; answers out. */
char *bb_time_str(bb_time t, char out[BB_TIME_LEN]);
/* When the UTC hour of t began. */
static inline bb_time bb_hour_of(bb_time t)
{
    return t - ((t % BB_HOUR) + BB_HOUR) % BB_HOUR;
}
/* 90s, 15m, 12h, 30d, 4w or a bare number of seconds. False for anything else or negative. */
bool bb_duration(bb_str s, int64_t *seconds);

/* ---- hashing (BLAKE2b, libsodium) --------------------------------------------------------------- */

#define BB_HASH_LEN 16
typedef struct {
    unsigned char b[BB_HASH_LEN];
} bb_hash;
typedef struct {
    unsigned char state[448]; /* stays where it is from init to end */
} bb_hasher;
void bb_hash_init(bb_hasher *h);
void bb_hash_put(bb_hasher *h, bb_str s);
/* Length first, then the bytes: two fields can never run together. */
void bb_hash_field(bb_hasher *h, bb_str s);
bb_hash bb_hash_end(bb_hasher *h);
bool bb_hash_eq(const bb_hash *a, const bb_hash *b);
void bb_hash_hex(const bb_hash *h, char out[2 * BB_HASH_LEN + 1]);

/* ---- JSON, written ------------------------------------------------------------------------------ */

/* The one writer of machine output. Commas and quoting are its business; values that are not UTF-8
 * are cleaned. Nesting at most 32 deep. */
typedef struct {
    bb_buf *out;
    int depth;
    bool comma[33];
} bb_json;

void bb_json_open(bb_json *j, char bracket);  /* '{' or '[' */
void bb_json_close(bb_json *j, char bracket); /* '}' or ']' */
void bb_json_name(bb_json *j, bb_str key);    /* of a value that follows */
static inline void bb_json_key(bb_json *j,
                               const char *key) /* here, so that a literal's length is known to the compiler */
{
    bb_json_name(j, bb_cstr(key));
}
void bb_json_str(bb_json *j, bb_str s);
void bb_json_int(bb_json *j, int64_t v);
void bb_json_bool(bb_json *j, bool v);
void bb_json_null(bb_json *j);
void bb_json_num2(bb_json *j, double v); /* two decimals, for confidences and rates */
/* key and value at once */
static inline void bb_json_kstr(bb_json *j, const char *key, bb_str s)
{
    bb_json_key(j, key);
    bb_json_str(j, s);
}
void bb_json_kint(bb_json *j, const char *key, int64_t v);
void bb_json_ktime(bb_json *j, const char *key, bb_time t); /* BB_NO_TIME: "" */

#endif
