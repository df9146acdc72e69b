/* SPDX-License-Identifier: MIT
 *
 * What the files of classify share: rules as compiled, the folded form of texts, the trie of literals.
 */
#ifndef BB_CORE_CLASSIFY_INTERNAL_H
#define BB_CORE_CLASSIFY_INTERNAL_H

#include "core/classify/classify.h"

/* ---- texts as they are compared (fold.c) ----------------------------------------------------------
 * Lower case (ASCII, Latin, Greek, Cyrillic), letters without their accents, white space folded to one space,
 * typographic quotes and dashes made plain, addresses shortened to "@" (names in them are nobody's words), and the reply
 * codes that a server repeats on every line of a long reply taken out. Where a sentence or paragraph ends, the space is a
 * BREAK. */
#define BB_FOLD_BREAK '\n'
/* Writes at most s.n bytes to `out`, which may be s.p itself; answers how many. */
size_t bb_fold(bb_str s, char *out);
/* Does a letter or digit of a script that puts spaces between words begin with this byte (of folded
 * text)? ASCII and the scripts of two bytes a letter. */
static inline bool bb_word_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 0xc3 && c <= 0xdf);
}
/* Would a word that begins (or ends) at i be cut out of a longer one? Scripts that do not put spaces
 * between words have no such places. */
bool bb_inside_word(bb_str folded, size_t i);

/* ---- numbers to numbers (map.c) -------------------------------------------------------------------- */

typedef struct {
    uint32_t key;
    uint32_t value; /* 0: nobody is here */
} bb_map_slot_at;

typedef struct {
    bb_arena *arena;
    bb_map_slot_at *slots;
    size_t n;
    unsigned shift; /* 32 less the bits of a place among the slots */
} bb_map;

static inline size_t bb_map_slots(const bb_map *m)
{
    return (size_t)1 << (32 - m->shift);
}
/* With room for n of them. */
bool bb_map_init(bb_map *m, bb_arena *a, size_t n) BB_MUST_USE;
/* Where the key is, or would be. */
static inline bb_map_slot_at *bb_map_slot(const bb_map *m, uint32_t key)
{
    size_t last = bb_map_slots(m) - 1, i = (uint32_t)(key * 0x9e3779b1U) >> m->shift;
    while (m->slots[i].value && m->slots[i].key != key) i = (i + 1) & last;
    return &m->slots[i];
}
static inline uint32_t bb_map_get(const bb_map *m, uint32_t key)
{
    return bb_map_slot(m, key)->value;
}
/* Makes it larger. */
bool bb_map_grow(bb_map *m) BB_MUST_USE;
/* Where the value of the key is to be written, which must not stay 0; NULL: no memory. */
static inline uint32_t *bb_map_put(bb_map *m, uint32_t key)
{
    bb_map_slot_at *slot = bb_map_slot(m, key);
    if (slot->value) return &slot->value;
    if (m->n >= bb_map_slots(m) / 2) {
        if (!bb_map_grow(m)) return NULL;
        slot = bb_map_slot(m, key);
    }
    slot->key = key;
    m->n++;
    return &slot->value;
}

/* ---- literals (trie.c) ----------------------------------------------------------------------------- */

/* A literal is pieces with gaps between them ("quota*exceeded" has two). It ends where the last piece
 * is seen at most GAP bytes behind the one before, in the same sentence. Many begin with the same piece ("user * unknown",
 * "user * disabled"), which is there once for all of them: common words would otherwise be noted for each. */
#define BB_LITERAL_GAP 40

typedef struct {
    uint32_t text;   /* where it stands among the text of all rules, up to the quote behind it */
    uint32_t rule;   /* whose it is */
    uint16_t weight; /* bytes of all pieces: a longer literal says more */
} bb_literal;

/* A piece of some literal ends at a node. A first one may be that of others, too. All that must be known of the literal
 * itself stands here: that lies elsewhere. */
typedef struct {
    uint32_t literal;
    uint32_t rule;   /* whose the literal is */
    uint32_t before; /* the number of the piece before it; of the first one 0 */
    uint32_t number; /* under which its being seen is noted; of the last one 0 */
    bool unless;     /* its being seen forbids the rule */
    bool whole_word; /* must not be followed by more of the same word */
    bool more;       /* the next one ends at the same node */
} bb_piece_end;

/* Behind what leads to it come n bytes that nothing branches off from, and then one of its children's. */
typedef struct {
    uint32_t bytes; /* where those n stand, and behind them the ones that lead to its children */
    uint32_t ends;  /* first of the pieces that end behind the n; 0: none does */
    uint32_t child; /* first of its children, which lie side by side */
    uint16_t n;
    uint8_t children;
} bb_node;

typedef struct {
    bb_arena *arena;
    const char *text; /* of all rules */
    bb_node *nodes;   /* [0] is nobody's, here and below */
    size_t n_nodes;
    bb_map roots; /* which trie and two bytes, to the node that they lead to */
    unsigned char *bytes;
    size_t n_bytes;
    bb_piece_end *ends;
    size_t n_ends;
    bb_literal *literals;
    size_t n_literals, cap_literals;
    uint32_t n_gapped; /* the last number of a piece */
    /* Pieces are in sets by their first byte, 31 (PARTS) of those that begin anywhere and 32 of the others. By a byte: which
     * sets have pieces with it as the first one, and as the second? Nearly everywhere in a text no set is both that of its
     * byte and of the next one, and nothing begins there. The first ones tell as well whether the byte is a word's (WORD). */
    uint64_t first[256], second[256];
} bb_trie;

#define BB_SET_WORD  (UINT64_C(1) << 63)
#define BB_SET_PARTS (UINT64_C(0x7fffffff) << 32)

/* The key of a root: one trie has the pieces that must begin a word, the other those that begin anywhere. */
static inline uint32_t bb_root_key(bool from_start, const unsigned char *p)
{
    return (from_start ? 1U << 16 : 0) | (uint32_t)p[0] << 8 | p[1];
}

/* What was seen in one text: as much as that is, however many rules there are. */
typedef struct {
    bb_map words;  /* rule to the longest of its literals that was seen, its place and 1 */
    bb_map unless; /* rule to the first one seen that forbids it, likewise */
    bb_map gapped; /* piece of a literal with gaps, to where it was last seen to end and 1 */
    uint64_t gaps; /* by numbers of pieces modulo 64: may one be among those? */
    size_t steps;  /* nodes that were looked at */
} bb_sight;

bool bb_sight_init(bb_sight *s, bb_arena *a) BB_MUST_USE;
/* One pass over a folded text; notes what is seen on top of what `sight` holds. */
void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight);

/* ---- a trie that grows (grow.c) ------------------------------------------------------------------------ */

typedef struct {
    uint32_t bytes; /* as in bb_node */
    uint32_t out;   /* chain of ends; 0: none */
    uint16_t n;
} bb_bud;

typedef struct {
    bb_piece_end end;
    uint32_t next; /* another one at the same node; 0: none */
} bb_bud_end;

/* The first piece of literals with gaps. */
typedef struct {
    uint32_t text; /* where it was written, as in bb_literal */
    uint16_t n;    /* bytes there */
    uint16_t shortest;
    uint32_t number;
    bool from_start, to_end;
} bb_head;

typedef struct {
    bb_arena *arena;
    bb_trie *trie; /* that becomes of it; has its literals already */
    bb_bud *nodes; /* [0] is nobody's, here and below */
    size_t n_nodes, cap_nodes;
    bb_map edges; /* node and byte, or which trie and two bytes, to the node that they lead to */
    char *bytes;
    size_t n_bytes, cap_bytes;
    bb_bud_end *ends;
    size_t n_ends, cap_ends;
    bb_head *heads;
    size_t n_heads, cap_heads;
    bb_map head_at; /* what they are, hashed, to their place and 1 */
} bb_growth;

/* Room for literals of n bytes of rules, in which they will stand. The trie will be in `a`, what grows is in `scratch`. */
bool bb_growth_init(bb_growth *g, bb_trie *t, bb_arena *a, bb_arena *scratch, const char *text, size_t n) BB_MUST_USE;
/* Adds one literal as written in a rules file. False with err, which says BB_OK before. */
bool bb_growth_add(bb_growth *g, bb_str literal, uint32_t rule, bool unless, bb_err *err) BB_MUST_USE;
/* Makes the trie of what was added. False: no memory. */
bool bb_growth_end(bb_growth *g) BB_MUST_USE;

/* ---- rules (compile.c) ----------------------------------------------------------------------------- */

/* How much a rule's being right is worth; what yields to what (rules/README.md). */
typedef enum {
    BB_STRENGTH_GUESS,
    BB_STRENGTH_HINT,
    BB_STRENGTH_CODE,
    BB_STRENGTH_CLEAR,
    BB_STRENGTH_CERTAIN,
    BB_STRENGTH_ALWAYS,
} bb_strength;
extern const char *const bb_strengths[]; /* their words, and NULL */

/* Parts of "5.1.1"; -1 is the pattern's x. */
typedef struct {
    int part[3];
} bb_code3;

/* Reads "5.1.1" or, as a pattern, "x.2.2"; all of s. */
bool bb_code3_read(bb_str s, bool pattern, bb_code3 *out);

typedef struct {
    bb_str id;
    const char *source;
    int line;
    bb_kind kind;
    bb_reason reason;
    bb_strength strength;
    bool lasting;     /* stays hard on a status that is temporary and says no more */
    bool said;        /* fires on the refusing system's own words only */
    bool has_words;   /* fires on its words; else on its conditions alone */
    bool bare;        /* fires only where the reply has no words */
    bool unanswered;  /* fires only where no server replied: the reporter's own words */
    int specificity;  /* how many conditions, or of a code how exact */
    unsigned stages;  /* bits by stage, 0: any */
    unsigned actions; /* bits by bb_action, 0: any */
    bb_code3 *status;
    size_t n_status, cap_status;
    bb_code3 *reply; /* digits */
    size_t n_reply, cap_reply;
    bb_str *hosts;
    size_t n_hosts, cap_hosts;
    bb_str *samples;
    size_t n_samples, cap_samples;
} bb_rule;

/* One of the rules that ask for the same. */
typedef struct {
    uint32_t rule;
    uint32_t next; /* the one before; 0: none */
} bb_near;

struct bb_rules {
    bb_arena arena;
    bool frozen;      /* nobody's to free */
    const char *text; /* all sources, one behind the other */
    size_t n_text;
    bb_rule *rules;
    size_t n_rules, cap_rules;
    uint32_t *codes; /* rules that fire without words */
    size_t n_codes, cap_codes;
    bb_near *near; /* those rules, by what they ask for (near.c); [0] is nobody's */
    size_t n_near, cap_near;
    bb_map near_heads; /* key to the first of its chain */
    bb_trie trie;
};

/* The built-in rules as rules/freeze.c compiled them while the program was built. */
extern const bb_rules bb_rules_frozen;

/* Literal i as it was written (check.c). */
bb_str bb_literal_text(const bb_rules *rules, size_t i);

/* Index of an SMTP stage in the list CONN EHLO MAIL RCPT DATA, or -1. */
int bb_stage_index(bb_str word);
extern const char *const bb_stages[];

/* ---- what an evidence's codes are (evidence.c) ----------------------------------------------------- */

typedef struct {
    bb_code3 status; /* {0}: none */
    bb_code3 reply;  /* {0}: none */
    int stage;       /* -1: unknown */
    bool temporary;  /* class 4 */
    bool for_now;    /* and not only by a status that a reporter makes up: 4.0.0 */
    bool protocol;   /* a reply about commands or authentication, RFC 5321 section 4.2.3 and RFC 4954 section 6 */
    bool elsewhere;  /* a reply or status that says what is the matter, and that it is not the address */
} bb_codes;

bb_codes bb_codes_of(const bb_evidence *e);
/* Are there no words, or ids that stand for some, beside codes, addresses and host names? */
bool bb_is_wordless(bb_str diagnostic);

/* ---- which rules without words to look at (near.c) ------------------------------------------------- */

/* Enters a rule under what it asks for. */
bool bb_near_add(bb_rules *r, uint32_t rule) BB_MUST_USE;

/* What to look under: every pattern that the status, the reply or the host would fit. A host name has at most 127
 * labels. */
#define BB_NEAR_KEYS (2 + 8 + 8 + 127)
typedef struct {
    size_t n;
    uint32_t keys[BB_NEAR_KEYS];
} bb_near_keys;
bb_near_keys bb_near_keys_of(const bb_evidence *e, const bb_codes *c);
/* The first of the rules under a key, as a place in r->near; 0: none. */
uint32_t bb_near_first(const bb_rules *r, uint32_t key);

/* ---- how rules win and lose (decide.c, trace.c) ----------------------------------------------------- */

/* A rule that fires, or nearly did. */
typedef struct {
    const bb_rule *rule; /* NULL: none */
    int strength;        /* the rule's, or less */
    uint32_t word;       /* its longest word seen, its place and 1; 0: it has none */
    uint32_t unless;     /* what forbids it, likewise */
    uint16_t weight;     /* of that word */
    bool said;           /* by the refusing system itself */
} bb_firing;

/* Why a rule lost. */
typedef enum {
    BB_LOST_NOT, /* it fires; not yet compared */
    /* it fires, and the winner goes before it by this, in the order in which they are asked */
    BB_LOST_WEAKER,
    BB_LOST_UNSAID_BY_SYSTEM,
    BB_LOST_LESS_EXACT,
    BB_LOST_HARD,
    BB_LOST_SHORTER,
    BB_LOST_LATER,
    /* it would fire, but nobody asks it */
    BB_LOST_REPORTED,
    BB_LOST_CODE,
    /* its words stand there, and it does not fire */
    BB_LOST_UNLESS,
    BB_LOST_SAID,
    BB_LOST_DOUBTED,
    BB_LOST_STAGE,
    BB_LOST_ACTION,
    BB_LOST_WORDS,
    BB_LOST_ANSWERED,
    BB_LOST_STATUS,
    BB_LOST_REPLY,
    BB_LOST_HOST,
    BB_LOST_TAKEN_BACK,
    BB_LOST_CONDITION,
    /* neither does it, being hard */
    BB_LOST_AT_DATA,
    BB_LOST_SENDER_STATUS,
    BB_LOST_PROTOCOL,
    BB_LOST_OF_SENDER,
    BB_LOST_OF_OTHERS,
    BB_LOST_OF_ALL,
    BB_LOST_EARLY,
    BB_LOST_ELSEWHERE,
    /* it is the winner, and its kind gave way */
    BB_LOST_TEMPORARY,
    BB_LOST_PASSED_ON,
    BB_LOST_UNSAID,
    BB_LOSSES
} bb_loss;

/* More than 0 where x goes before y by the order of rules/README.md, "Which rule wins", less where y does; *by is the
 * difference that decides. Both are rules. */
int bb_firing_order(const bb_firing *x, const bb_firing *y, bb_loss *by);

typedef struct {
    bb_firing firing;
    bb_loss why;
} bb_lost;

/* Who did not win, collected while one evidence is decided. */
typedef struct {
    bb_arena *arena;
    bb_runners_up *out;
    bb_lost *lost;
    size_t n, cap;
} bb_trace;

void bb_trace_note(bb_trace *t, const bb_firing *f, bb_loss why);
/* The nearest of them, with their words, to t->out. */
void bb_trace_end(bb_trace *t, const bb_rules *r, const bb_evidence *e, const bb_codes *c, const bb_firing *winner);

#endif
