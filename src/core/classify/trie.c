/* SPDX-License-Identifier: MIT
 *
 * trie: all literals of all rules, found in one pass over a text.
 *
 * The trie is walked from every place where a word begins. A walk is at most as long as the longest
 * literal, so the work depends on the text and never on how many rules there are.
 */
#include "core/classify/internal.h"

#define MAX_PIECES 8
#define MAX_BYTES  200

bool bb_trie_init(bb_trie *t, bb_arena *a, bb_arena *sprouting, size_t n)
{
    *t = (bb_trie){.arena = a, .sprouting = sprouting, .n_sprouts = 1, .cap_sprouts = n + 1};
    t->sprouts = bb_get_array(sprouting, t->cap_sprouts, sizeof *t->sprouts);
    return t->sprouts && BB_PUSH(a, t->ends, t->n_ends, t->cap_ends);
}

static uint32_t new_sprout(bb_trie *t, unsigned char byte)
{
    bb_sprout *s = BB_PUSH(t->sprouting, t->sprouts, t->n_sprouts, t->cap_sprouts);
    if (!s) return 0;
    s->byte = byte;
    return (uint32_t)(t->n_sprouts - 1);
}

bb_sprout *bb_trie_sprout(bb_trie *t, bb_root root, bb_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    if (!root[p[0]]) root[p[0]] = bb_get_array(t->arena, 256, sizeof *root[0]);
    if (!root[p[0]]) return NULL;
    uint32_t *first = &root[p[0]][p[1]];
    if (!*first) *first = new_sprout(t, p[1]);
    uint32_t at = *first;
    for (size_t i = 2; at && i < s.n; i++) {
        uint32_t next = t->sprouts[at].child;
        while (next && t->sprouts[next].byte != p[i]) next = t->sprouts[next].next;
        if (!next && (next = new_sprout(t, p[i]))) {
            t->sprouts[next].next = t->sprouts[at].child;
            t->sprouts[at].child = next;
        }
        at = next;
    }
    return at ? &t->sprouts[at] : NULL;
}

/* Numbers the nodes anew, level by level, so that siblings lie side by side. `was` tells the old
 * number of each new one; the new nodes behind those that have got their children wait for theirs. */
static void lay_out(bb_trie *t, uint32_t *was)
{
    uint32_t n = 1;
    bb_root *roots[] = {&t->words, &t->parts};
    for (size_t r = 0; r < BB_COUNT(roots); r++)
        for (size_t b = 0; b < 256 * 256; b++) {
            uint32_t *first = (*roots[r])[b / 256];
            if (!first) b |= 255; /* no literal begins with this byte */
            else if (first[b % 256]) {
                was[n] = first[b % 256];
                first[b % 256] = n++;
            }
        }
    for (uint32_t i = 1; i < n; i++) {
        t->nodes[i] = (bb_node){.child = n, .out = t->sprouts[was[i]].out};
        for (uint32_t c = t->sprouts[was[i]].child; c; c = t->sprouts[c].next, t->nodes[i].children++) {
            was[n] = c;
            t->bytes[n++] = t->sprouts[c].byte;
        }
    }
}

bool bb_trie_finish(bb_trie *t)
{
    t->nodes = bb_get_array(t->arena, t->n_sprouts, sizeof *t->nodes);
    t->bytes = bb_get(t->arena, t->n_sprouts);
    uint32_t *was = bb_get_array(t->sprouting, t->n_sprouts, sizeof *was);
    if (!t->nodes || !t->bytes || !was) return false;
    lay_out(t, was);
    t->sprouts = NULL;
    t->sprouting = NULL;
    return true;
}

/* A piece between two gaps, folded. */
typedef struct {
    bb_str text;
    bool from_start, to_end; /* of a word */
} piece;

/* Cuts "over * quota*" into pieces, whose texts go to `folded`. White space beside a * asks for whole
 * words there. Answers how many, 0 with err. */
static int cut(bb_str literal, piece pieces[MAX_PIECES], char folded[MAX_BYTES], bb_err *err)
{
    int n = 0;
    bool starred = false;
    for (size_t at = 0; at <= literal.n;) {
        bb_str rest = bb_sub(literal, at, BB_NPOS);
        size_t star = bb_chr(rest, '*');
        bb_str raw = bb_sub(rest, 0, star);
        bb_str text = {folded, bb_fold(raw, folded)};
        bool after = starred;
        starred = star != BB_NPOS;
        at += raw.n + 1;
        if (bb_empty(text) || bb_empty(raw)) continue; /* a * at either end: the word may go on there */
        if (n == MAX_PIECES) return bb_fail(err, BB_ECONFIG, "more than %d * in one literal", MAX_PIECES - 1);
        folded += text.n;
        pieces[n++] = (piece){text, !after || bb_is_space(raw.p[0]), !starred || bb_is_space(raw.p[raw.n - 1])};
    }
    return n;
}

static bool add_piece(bb_trie *t, const piece *p, uint8_t number)
{
    bb_sprout *at = bb_trie_sprout(t, p->from_start ? t->words : t->parts, p->text);
    bb_piece_end *end = at ? BB_PUSH(t->arena, t->ends, t->n_ends, t->cap_ends) : NULL;
    if (!end) return false;
    *end = (bb_piece_end){(uint32_t)(t->n_literals - 1), at->out, number, p->to_end};
    at->out = (uint32_t)(t->n_ends - 1);
    return true;
}

bool bb_trie_add(bb_trie *t, bb_str literal, uint32_t rule, bool unless, bb_err *err)
{
    piece pieces[MAX_PIECES];
    char folded[MAX_BYTES];
    if (literal.n > MAX_BYTES) return bb_fail(err, BB_ECONFIG, "a literal is longer than %d bytes", MAX_BYTES);
    int n = cut(literal, pieces, folded, err);
    if (err->code) return false;
    size_t weight = 0, shortest = n ? MAX_BYTES : 0;
    for (int i = 0; i < n; i++) {
        weight += pieces[i].text.n;
        if (pieces[i].text.n < shortest) shortest = pieces[i].text.n;
    }
    if (shortest < 2) return bb_fail(err, BB_ECONFIG, "\"" BB_FMT "\" is too short to mean anything", BB_ARG(literal));

    bb_literal *l = BB_PUSH(t->arena, t->literals, t->n_literals, t->cap_literals);
    if (!l) return bb_fail(err, BB_ENOMEM, "out of memory");
    *l = (bb_literal){rule, t->n_gapped, literal.p, (uint16_t)weight, (uint8_t)n, unless};
    if (n > 1) t->n_gapped += (uint32_t)n;
    for (int i = 0; i < n; i++)
        if (!add_piece(t, &pieces[i], (uint8_t)i)) return bb_fail(err, BB_ENOMEM, "out of memory");
    return true;
}

/* A text on its way through the trie. */
typedef struct {
    const bb_trie *t;
    bb_str s;
    size_t sentence; /* where the one we are in begins */
    bb_sight *sight;
} scan;

static void mark(const bb_trie *t, bb_sight *sight, const bb_literal *l)
{
    bb_mark *m = &sight->marks[l->rule];
    uint32_t number = (uint32_t)(l - t->literals) + 1;
    if (!m->word && !m->unless) sight->seen[sight->n_seen++] = l->rule;
    if (l->unless) m->unless = m->unless ? m->unless : number;
    else if (!m->word || l->weight > t->literals[m->word - 1].weight) m->word = number;
}

/* A piece was seen from `from` to `to`. The latest end of each piece is enough to know: what is in
 * reach of an earlier one and not of the latest is another sentence or too far away as well. */
static void piece_seen(scan *c, const bb_piece_end *end, size_t from, size_t to)
{
    const bb_literal *l = &c->t->literals[end->literal];
    if (end->whole_word && bb_inside_word(c->s, to)) return;
    if (l->pieces == 1) {
        mark(c->t, c->sight, l);
        return;
    }
    uint32_t *last = c->sight->gapped + l->first + end->piece;
    if (end->piece > 0) {
        size_t before = last[-1]; /* end and 1; 0: not yet */
        if (!before || before - 1 > from || from - (before - 1) > BB_LITERAL_GAP || before - 1 < c->sentence) return;
    }
    *last = (uint32_t)to + 1;
    if (end->piece + 1 == l->pieces) mark(c->t, c->sight, l);
}

/* Follows the literals that begin at `from`. */
static void walk(scan *c, const bb_root root, size_t from)
{
    const bb_trie *t = c->t;
    const unsigned char *p = (const unsigned char *)c->s.p;
    uint32_t at = root[p[from]][p[from + 1]];
    for (size_t to = from + 2; at; to++) {
        const bb_node *node = &t->nodes[at];
        for (uint32_t e = node->out; e; e = t->ends[e].next) piece_seen(c, &t->ends[e], from, to);
        if (to == c->s.n) return;
        uint32_t end = node->child + node->children;
        for (at = node->child; at < end && t->bytes[at] != p[to];) at++;
        if (at == end) return;
    }
}

void bb_trie_scan(const bb_trie *t, bb_str folded, bb_sight *sight)
{
    scan c = {t, folded, 0, sight};
    bool word_before = false;
    for (size_t i = 0; i + 1 < folded.n; i++) {
        unsigned char byte = (unsigned char)folded.p[i];
        if ((byte & 0xc0) == 0x80) continue; /* inside a character */
        bool word = bb_word_byte(byte);
        if (byte == BB_FOLD_BREAK) c.sentence = i + 1;
        if (t->words[byte] && !(word && word_before)) walk(&c, t->words, i);
        if (t->parts[byte]) walk(&c, t->parts, i);
        word_before = word;
    }
}
