/* SPDX-License-Identifier: MIT
 *
 * What every store must do, asked of each of them.
 */
#include <string.h>

#include "tap.h"
#include "world.h"

static bb_arena arena;
static const world_store *kind;
static bb_store *store;
static bb_err err;
static bb_batch batch;

/* ---- what the checks are made of --------------------------------------------------------------------- */

static void begin(void)
{
    if (!kind->open(world_path(&arena), BB_STORE_CREATE, &store, &err)) tap_note("%s", err.text);
}

static void end(void)
{
    bb_store_close(&store);
    bb_arena_reset(&arena);
}

static uint32_t list(const char *name)
{
    uint32_t id = 0;
    if (!bb_store_list_add(store, bb_cstr(name), DAY(0), &id, &err)) tap_note("%s", err.text);
    return id;
}

static uint32_t mailing(uint32_t of, bb_time sent)
{
    uint32_t id = 0;
    if (!bb_store_mailing_add(store, of, BB_S("issue"), sent, &id, &err)) tap_note("%s", err.text);
    return id;
}

static bool apply(bb_item *items, size_t n, bb_time now)
{
    bool done = world_apply(store, &arena, NULL, items, n, now, &batch, &err);
    if (!done) tap_note("%s", err.text);
    return done;
}

static bb_result apply_one(bb_item *item)
{
    return apply(item, 1, DAY(100)) ? item->result : BB_RESULT_RETRY;
}

static uint64_t person(uint32_t of, const char *address, const char *external_id)
{
    bb_item item = world_subscriber(&arena, of, address, external_id, DAY(0));
    apply_one(&item);
    return item.subscriber;
}

static bb_result report(uint64_t key, uint64_t about, uint32_t of_mailing, bb_kind k, bb_time time)
{
    const world_report w = {.key = key,
                            .time = time,
                            .kind = k,
                            .reason = BB_REASON_userunknown,
                            .subscriber = about,
                            .mailing = of_mailing};
    bb_item item = world_item(&arena, &w);
    return apply_one(&item);
}

static bb_subscriber subscriber(uint64_t id)
{
    bb_subscriber out = {0};
    if (!bb_store_subscriber(store, &arena, id, &out, &err)) tap_note("%s", err.text);
    return out;
}

static bb_history history(uint64_t id)
{
    bb_history out = {0};
    if (!bb_store_history(store, &arena, id, &out, &err)) tap_note("%s", err.text);
    return out;
}

#define status_is(id, want, ...) is_cstr(bb_status_word(subscriber(id).status), bb_status_word(want), __VA_ARGS__)

/* ---- lists and mailings -------------------------------------------------------------------------------- */

static void lists_and_mailings(void)
{
    static const char *const bad[] = {
        "", "a b", "a/b", "a\n", "\xc3\xa4", "a2345678901234567890123456789012345678901234567890123456789012345"};
    bb_list *lists;
    bb_mailing *mailings;
    size_t n;
    uint32_t id;
    uint32_t news = list("news"), other = list("Other.list-2_x");
    ok(news && other && news != other, "%s: lists have ids of their own", kind->name);
    ok(!bb_store_list_add(store, BB_S("news"), DAY(1), &id, &err) && err.code == BB_EUSAGE,
       "%s: a name that is there is refused", kind->name);
    for (size_t i = 0; i < BB_COUNT(bad); i++)
        ok(!bb_store_list_add(store, bb_cstr(bad[i]), DAY(1), &id, &err) && err.code == BB_EUSAGE,
           "%s: bad name %zu is refused", kind->name, i);
    ok(bb_store_lists(store, &arena, &lists, &n, &err) && n == 2 && bb_eq(lists[0].name, BB_S("news")) &&
           lists[0].created == DAY(0),
       "%s: lists come by id, with name and time", kind->name);
    uint32_t first = mailing(news, DAY(3)), second = mailing(other, DAY(4));
    ok(first && second && first != second, "%s: mailings have ids of their own", kind->name);
    ok(!bb_store_mailing_add(store, 99, BB_S("x"), DAY(1), &id, &err) && err.code == BB_ENOINPUT,
       "%s: no mailing of a list that is not there", kind->name);
    ok(bb_store_mailings(store, &arena, news, &mailings, &n, &err) && n == 1 && mailings[0].id == first &&
           mailings[0].sent == DAY(3),
       "%s: the mailings of one list", kind->name);
    ok(bb_store_mailings(store, &arena, 0, &mailings, &n, &err) && n == 2, "%s: the mailings of all", kind->name);
}

/* ---- subscribers ------------------------------------------------------------------------------------------ */

static void subscribers(void)
{
    uint32_t news = list("news"), other = list("other");
    bb_item items[] = {
        world_subscriber(&arena, news, "Ann@Example.COM", "7", DAY(1)),
        world_subscriber(&arena, news, "ann@example.com", NULL, DAY(2)),
        world_subscriber(&arena, other, "ann@example.com", "7", BB_NO_TIME),
        world_subscriber(&arena, news, "bob@example.com", "7", DAY(2)),
        world_subscriber(&arena, news, "carl@example.com", NULL, DAY(2)),
        world_subscriber(&arena, 99, "carl@example.com", NULL, DAY(2)),
        world_subscriber(&arena, news, "dora@example.com",
                         "12345678901234567890123456789012345678901234567890123456789012345", DAY(2)),
        world_subscriber(&arena, news, "carl@example.com", "late", DAY(2)),
    };
    static const bb_result want[] = {BB_RESULT_STORED, BB_RESULT_DUPLICATE, BB_RESULT_STORED,  BB_RESULT_REFUSED,
                                     BB_RESULT_STORED, BB_RESULT_REFUSED,   BB_RESULT_REFUSED, BB_RESULT_DUPLICATE};
    ok(apply(items, BB_COUNT(items), DAY(9)), "%s: subscribers are taken", kind->name);
    for (size_t i = 0; i < BB_COUNT(items); i++) {
        is_int(items[i].result, want[i], "%s: subscriber %zu", kind->name, i);
        ok((items[i].result == BB_RESULT_REFUSED) == (items[i].why != NULL), "%s: a refusal says why, %zu", kind->name,
           i);
    }
    ok(items[1].subscriber == items[0].subscriber, "%s: letter case makes nobody new", kind->name);
    ok(items[2].subscriber != items[0].subscriber, "%s: two lists, two subscribers", kind->name);
    bb_subscriber ann = subscriber(items[0].subscriber);
    is_str(ann.address, BB_S("Ann@Example.COM"), "%s: the spelling is kept", kind->name);
    is_str(ann.domain, BB_S("example.com"), "%s: the domain is compared in lower case", kind->name);
    ok(bb_eq(ann.external_id, BB_S("7")) && ann.since == DAY(1) && ann.status == BB_STATUS_ACTIVE && !ann.contact,
       "%s: what else is known of her", kind->name);
    ok(subscriber(items[2].subscriber).since == DAY(9), "%s: on the list since the batch where nothing is said",
       kind->name);
    is_str(subscriber(items[4].subscriber).external_id, BB_S("late"), "%s: an id he had not is taken over", kind->name);
    bb_subscriber nobody;
    ok(!bb_store_subscriber(store, &arena, 999, &nobody, &err) && err.code == BB_ENOINPUT,
       "%s: an id that is nobody's is an error", kind->name);
}

static void again(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL);
    report(1, ann, 0, BB_KIND_HARD, DAY(5));
    bb_item item = world_subscriber(&arena, news, "ann@example.com", NULL, DAY(6));
    is_int(apply_one(&item), BB_RESULT_DUPLICATE, "%s: imported again: known", kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: importing again changes no status", kind->name);
    item.resubscribe = true;
    item.note = BB_S("came back");
    is_int(apply_one(&item), BB_RESULT_STORED, "%s: subscribed again: stored", kind->name);
    status_is(ann, BB_STATUS_ACTIVE, "%s: subscribed again: active", kind->name);
    is_int(apply_one(&item), BB_RESULT_DUPLICATE, "%s: the same once more: known", kind->name);
    bb_history h = history(ann);
    ok(h.n_facts == 2 && h.facts[1].fact.type == BB_FACT_SUBSCRIBE && bb_eq(h.facts[1].note, BB_S("came back")),
       "%s: it is a fact with its note", kind->name);
}

static void look_ups(void)
{
    uint32_t news = list("news"), other = list("other");
    uint64_t ann = person(news,
                          "ann@b\xc3\xbc"
                          "cher.example",
                          "A-1"),
             twin = person(other, "ann@xn--bcher-kva.example", NULL);
    uint32_t issue = mailing(other, DAY(4));
    bb_lookup asked[] = {
        {.by = BB_BY_ID, .subscriber = ann},
        {.by = BB_BY_ID, .subscriber = UINT64_MAX},
        {.by = BB_BY_EXTERNAL_ID, .list = news, .text = BB_S("A-1")},
        {.by = BB_BY_EXTERNAL_ID, .list = news, .text = BB_S("a-1")},
        {.by = BB_BY_EXTERNAL_ID, .list = other, .text = BB_S("A-1")},
        {.by = BB_BY_EXTERNAL_ID, .list = other, .text = BB_S("")},
        {.by = BB_BY_ADDRESS, .list = other, .text = BB_S("ann@xn--bcher-kva.example")},
        {.by = BB_BY_ADDRESS, .text = BB_S("ann@xn--bcher-kva.example")},
        {.by = BB_BY_ADDRESS, .text = BB_S("ann@xn--bcher-kva.example\0x")},
        {.by = BB_BY_ADDRESS, .text = BB_S("\xff@example.com")},
        {.by = BB_BY_MAILING, .mailing = issue, .text = BB_S("ann@xn--bcher-kva.example")},
        {.by = BB_BY_MAILING, .mailing = issue, .text = BB_S("bob@xn--bcher-kva.example")},
        {.by = BB_BY_MAILING, .mailing = issue + 1, .text = BB_S("ann@xn--bcher-kva.example")},
        {.by = BB_BY_MAILING, .text = BB_S("ann@xn--bcher-kva.example")},
    };
    static const size_t found[] = {1, 0, 1, 0, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0};
    ok(bb_store_find(store, &arena, asked, BB_COUNT(asked), &err), "%s: look-ups are answered", kind->name);
    for (size_t i = 0; i < BB_COUNT(asked); i++)
        is_int(asked[i].found, found[i], "%s: look-up %zu finds as many", kind->name, i);
    ok(asked[0].found_id == ann && asked[2].found_id == ann && asked[6].found_id == twin && asked[7].found_id == 0 &&
           asked[10].found_id == twin,
       "%s: look-ups find whom they name, and of several nobody", kind->name);
    is_str(asked[0].found_address, BB_S("ann@xn--bcher-kva.example"), "%s: the address is answered as it is compared",
           kind->name);
}

/* ---- reports ---------------------------------------------------------------------------------------------- */

static void reports(void)
{
    uint32_t news = list("news"), issue = mailing(news, DAY(4));
    uint64_t ann = person(news, "ann@example.com", NULL);
    is_int(report(1, ann, issue, BB_KIND_SOFT, DAY(5)), BB_RESULT_STORED, "%s: a report is stored", kind->name);
    is_int(batch.n_changes, 1, "%s: it moves one subscriber", kind->name);
    ok(batch.n_changes == 1 && batch.changes[0].subscriber == ann && batch.changes[0].before == BB_STATUS_ACTIVE &&
           batch.changes[0].after == BB_STATUS_QUARANTINED && batch.changes[0].until == DAY(8),
       "%s: the change says whom, from what, to what and until when", kind->name);
    is_int(report(1, ann, issue, BB_KIND_HARD, DAY(6)), BB_RESULT_DUPLICATE,
           "%s: the same report is known, whatever is read in it today", kind->name);
    status_is(ann, BB_STATUS_QUARANTINED, "%s: a duplicate changes nothing", kind->name);
    is_int(report(2, ann, issue, BB_KIND_HARD, DAY(7)), BB_RESULT_STORED, "%s: another report is stored", kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: one hard removes", kind->name);
    bb_history h = history(ann);
    ok(h.n_facts == 2 && h.n_transitions == 2 && h.transitions[0].to == BB_STATUS_QUARANTINED &&
           h.transitions[1].from == BB_STATUS_QUARANTINED && h.transitions[1].to == BB_STATUS_BOUNCED,
       "%s: history has facts and transitions in order", kind->name);
    if (h.n_facts != 2) return;
    ok(bb_hash_eq(&h.transitions[1].cause, &h.facts[1].fact.id), "%s: a transition names its cause", kind->name);
    ok(h.facts[0].fact.mailing == issue && h.facts[0].fact.mailed == DAY(4) &&
           bb_eq(h.facts[0].mailing_name, BB_S("issue")) && h.facts[0].recorded == DAY(100),
       "%s: of which mailing, and when that went out", kind->name);
    ok(bb_eq(h.facts[0].rule, BB_S("some-rule")) && h.facts[0].confidence == 0.75 &&
           bb_eq(h.facts[0].source, BB_S("test.mbox#1")) && bb_eq(h.facts[0].format, BB_S("rfc3464")),
       "%s: who read it and how", kind->name);
}

/* ---- what one token may fill ------------------------------------------------------------------------------ */

#define PATH       "bounce-aa5isyaaaaagaab23zukzseqiq44pvmfl@b.example"
#define PATH_UPPER "SRS0=HHH=TT=b.example=BOUNCE-AA5ISYAAAAAGAAB23ZUKZSEQIQ44PVMFL@fwd.example"
#define PATH_OTHER "bounce-aafisyaaaaagaab23zukujjn2lx7osmsq@b.example"

static bb_item from(const char *path, uint64_t key, uint64_t about, bb_kind k, const char *raw)
{
    const world_report w = {.key = key,
                            .time = DAY(5),
                            .kind = k,
                            .reason = BB_REASON_userunknown,
                            .subscriber = about,
                            .path = path,
                            .evidence = raw};
    return world_item(&arena, &w);
}

static bb_result report_from(const char *path, uint64_t key, uint64_t about, bb_kind k, const char *raw)
{
    bb_item item = from(path, key, about, k, raw);
    return apply_one(&item);
}

static bool has_evidence(const bb_history *h, bb_kind k)
{
    for (size_t i = 0; i < h->n_facts; i++)
        if (h->facts[i].fact.kind == k && h->facts[i].evidence) return true;
    return false;
}

static void surplus(void)
{
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    bool stored = true;
    for (uint64_t i = 1; i <= 10; i++) stored &= report_from(PATH, i, ann, BB_KIND_SOFT, "raw") == BB_RESULT_STORED;
    ok(stored, "%s: ten reports of one token are stored", kind->name);
    is_int(report_from(PATH, 11, ann, BB_KIND_SOFT, "raw"), BB_RESULT_COUNTED, "%s: the next is counted", kind->name);
    is_int(report_from(PATH_UPPER, 12, ann, BB_KIND_SOFT, "raw"), BB_RESULT_COUNTED,
           "%s: the same token, wrapped and in capitals, too", kind->name);
    is_int(report_from(PATH, 3, ann, BB_KIND_SOFT, "raw"), BB_RESULT_DUPLICATE, "%s: what is stored is known",
           kind->name);
    bb_history h = history(ann);
    ok(h.n_facts == 10 && h.surplus == 2, "%s: history has those that are stored, and how many are not", kind->name);
    is_int(report_from(PATH_OTHER, 13, ann, BB_KIND_SOFT, "raw"), BB_RESULT_STORED, "%s: another token is another",
           kind->name);
    is_int(report_from(NULL, 14, ann, BB_KIND_SOFT, "raw"), BB_RESULT_STORED, "%s: and no token fills none",
           kind->name);
    is_int(report_from(PATH, 15, ann, BB_KIND_HARD, "raw"), BB_RESULT_STORED, "%s: its first hard is stored",
           kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: and acts", kind->name);
    is_int(report_from(PATH, 16, ann, BB_KIND_HARD, "raw"), BB_RESULT_COUNTED, "%s: its second is not", kind->name);
    is_int(report_from(PATH, 17, ann, BB_KIND_COMPLAINT, "raw"), BB_RESULT_STORED, "%s: its first complaint is",
           kind->name);
    is_int(report_from(PATH, 18, ann, BB_KIND_COMPLAINT, "raw"), BB_RESULT_COUNTED, "%s: its second is not",
           kind->name);
    h = history(ann);
    ok(h.surplus == 4 && h.n_facts == 14 && has_evidence(&h, BB_KIND_SOFT) && !has_evidence(&h, BB_KIND_HARD) &&
           !has_evidence(&h, BB_KIND_COMPLAINT),
       "%s: what is stored beyond the limit has no evidence", kind->name);
}

static void surplus_of_evidence(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL), bob = person(news, "bob@example.com", NULL);
    char *raw = bb_get(&arena, (1 << 19) + 1);
    memset(raw, 'x', 1 << 19);
    raw[1 << 19] = '\0';
    is_int(report_from(PATH, 1, ann, BB_KIND_SOFT, raw), BB_RESULT_STORED, "%s: half a MiB is stored", kind->name);
    is_int(report_from(PATH, 2, ann, BB_KIND_SOFT, raw), BB_RESULT_STORED, "%s: and one", kind->name);
    is_int(report_from(PATH, 3, ann, BB_KIND_SOFT, "raw"), BB_RESULT_COUNTED, "%s: beyond it, reports are counted",
           kind->name);
    bb_item items[14];
    for (uint64_t i = 0; i < 14; i++) items[i] = from(PATH, 100 + i, bob, i < 13 ? BB_KIND_SOFT : BB_KIND_HARD, "raw");
    ok(apply(items, 14, DAY(100)), "%s: fourteen in one batch", kind->name);
    size_t n_stored = 0, n_counted = 0;
    for (size_t i = 0; i < 14; i++) {
        n_stored += items[i].result == BB_RESULT_STORED;
        n_counted += items[i].result == BB_RESULT_COUNTED;
    }
    ok(n_stored == 11 && n_counted == 3 && items[13].result == BB_RESULT_STORED,
       "%s: ten of them and the hard are stored", kind->name);
    bb_history h = history(bob);
    ok(h.n_facts == 11 && h.surplus == 3, "%s: and the others counted", kind->name);
    status_is(bob, BB_STATUS_BOUNCED, "%s: the hard acts", kind->name);
}

/* ---- unsubscribing by mail --------------------------------------------------------------------------------- */

#define LEAVE "unsubscribe-aa5isyaaaaagaab23zuk5x7uyx7kxdrxi@b.example"

static bb_item leaving(uint64_t key, uint64_t who, bb_time time)
{
    const world_report w = {.key = key,
                            .time = time,
                            .claim = WORLD_UNSUBSCRIBE,
                            .subscriber = who,
                            .path = LEAVE,
                            .evidence = "unsubscribe\n"};
    return world_item(&arena, &w);
}

static void unsubscribed_by_mail(void)
{
    bb_stored_report *rows;
    size_t n;
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    bb_item leave = leaving(1, ann, DAY(5)), again = leaving(1, ann, DAY(3)), other = leaving(2, 99, DAY(5));
    is_int(apply_one(&leave), BB_RESULT_STORED, "%s: mail to where he unsubscribes", kind->name);
    status_is(ann, BB_STATUS_UNSUBSCRIBED, "%s: he is", kind->name);
    ok(leave.settled->unsubscribes && leave.settled->subscriber == ann, "%s: and it is told", kind->name);
    bb_history h = history(ann);
    ok(h.n_facts == 1 && h.facts[0].fact.type == BB_FACT_UNSUBSCRIBE && h.facts[0].report && h.facts[0].evidence,
       "%s: history has what he said, and the mail", kind->name);
    ok(h.n_transitions == 1 && bb_hash_eq(&h.transitions[0].cause, &h.facts[0].fact.id), "%s: which is the cause",
       kind->name);
    bb_item back = world_fact(ann, BB_FACT_SUBSCRIBE, DAY(4));
    apply_one(&back);
    status_is(ann, BB_STATUS_UNSUBSCRIBED, "%s: he subscribed before that", kind->name);
    is_int(apply_one(&again), BB_RESULT_DUPLICATE, "%s: the same mail, earlier", kind->name);
    status_is(ann, BB_STATUS_ACTIVE, "%s: then he came back after it", kind->name);
    is_int(apply_one(&other), BB_RESULT_STORED, "%s: of nobody we know", kind->name);
    ok(!other.settled->unsubscribes, "%s: nobody is unsubscribed", kind->name);
    bb_report_query q = {.unread = true, .from = BB_NO_TIME, .until = BB_NO_TIME};
    ok(bb_store_reports(store, &arena, &q, 0, 10, &rows, &n, &err) && n == 1,
       "%s: it was understood, the other was not", kind->name);
}

/* Read again, as reclassify does: nobody knows any more whether somebody had sent it. */
static void read_again_as_mail(void)
{
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    bb_item leave = leaving(1, ann, DAY(5));
    apply_one(&leave);
    const world_report w = {.key = 1, .time = DAY(5), .claim = WORLD_TEXT};
    bb_item reading = world_reading(&arena, history(ann).facts[0].report, &w);
    reading.message->report.format = "";
    apply_one(&reading);
    ok(reading.settled->unsubscribes, "%s: what was his wish stays so when it is read again", kind->name);
    status_is(ann, BB_STATUS_UNSUBSCRIBED, "%s: and so does he", kind->name);
}

static void surplus_of_unsubscriptions(void)
{
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    for (uint64_t i = 1; i <= 11; i++) report_from(LEAVE, i, ann, BB_KIND_SOFT, "raw");
    is_int(history(ann).surplus, 1, "%s: a token has brought what it may", kind->name);
    bb_item first = leaving(20, ann, DAY(6)), second = leaving(21, ann, DAY(7));
    is_int(apply_one(&first), BB_RESULT_STORED, "%s: its first unsubscription is stored", kind->name);
    status_is(ann, BB_STATUS_UNSUBSCRIBED, "%s: and acts", kind->name);
    ok(!has_evidence((bb_history[]){history(ann)}, BB_KIND_OTHER), "%s: without evidence", kind->name);
    is_int(apply_one(&second), BB_RESULT_COUNTED, "%s: its second is counted", kind->name);
}

static void earlier_duplicate(void)
{
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    report(1, ann, 0, BB_KIND_SOFT, DAY(10));
    is_int(report(1, ann, 0, BB_KIND_SOFT, DAY(9)), BB_RESULT_DUPLICATE, "%s: the same report, earlier", kind->name);
    is_int(history(ann).facts[0].fact.time, DAY(9), "%s: the earlier time is kept", kind->name);
    is_int(subscriber(ann).until, DAY(12), "%s: and decides", kind->name);
    report(1, ann, 0, BB_KIND_SOFT, DAY(11));
    is_int(history(ann).facts[0].fact.time, DAY(9), "%s: a later one changes nothing", kind->name);
}

static void whom(void)
{
    uint32_t news = list("news"), other = list("other");
    uint64_t ann = person(news, "ann@example.com", "5");
    person(news, "bob@example.com", NULL);
    person(other, "bob@example.com", NULL);
    const world_report rows[] = {
        {1, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_TEXT, 0, 0, "ann@example.com", NULL, 0, NULL, NULL},
        {2, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_TEXT, 0, 0, "bob@example.com", NULL, 0, NULL, NULL},
        {3, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_TEXT, 0, 0, "nobody@example.com", NULL, 0, NULL, NULL},
        {4, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_TOKEN, 12345, 0, "ann@example.com", NULL, 0, NULL, NULL},
        {5, DAY(1), BB_KIND_OTHER, BB_REASON_undefined, WORLD_TEXT, 0, 0, NULL, NULL, 0, NULL, NULL},
        {6, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_EXTERNAL_ID, 0, 0, "ann@example.com", "5", news, NULL,
         NULL},
        {7, DAY(1), BB_KIND_HARD, BB_REASON_userunknown, WORLD_TOKEN, ann, 0, "else@example.net", NULL, 0, NULL, NULL},
    };
    const struct {
        uint64_t subscriber;
        bb_trust trust;
        bool forwarded;
    } want[] = {{ann, BB_TRUST_INFERRED, false}, {0, BB_TRUST_NONE, false}, {0, BB_TRUST_NONE, false},
                {0, BB_TRUST_NONE, false},       {0, BB_TRUST_NONE, false}, {ann, BB_TRUST_PLAIN, false},
                {ann, BB_TRUST_SIGNED, true}};
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        bb_item item = world_item(&arena, &rows[i]);
        if (!ok(apply_one(&item) == BB_RESULT_STORED && item.settled, "%s: claim %zu is stored", kind->name, i))
            continue;
        ok(item.settled->subscriber == want[i].subscriber && item.settled->trust == want[i].trust &&
               item.settled->forwarded == want[i].forwarded,
           "%s: claim %zu: about whom, vouched for by whom", kind->name, i);
    }
    status_is(ann, BB_STATUS_QUARANTINED, "%s: only the forwarded one acted, and as a soft", kind->name);
}

static void evidence(void)
{
    static const char raw[] = "Subject: Undelivered\n\n550 5.1.1 no such user, no such user, no such user\n";
    bb_str out;
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    world_report w = {.key = 1, .time = DAY(1), .kind = BB_KIND_HARD, .subscriber = ann, .evidence = raw};
    bb_item with = world_item(&arena, &w);
    apply_one(&with);
    report(2, ann, 0, BB_KIND_HARD, DAY(2));
    bb_history h = history(ann);
    if (!ok(h.n_facts == 2, "%s: two reports", kind->name)) return;
    ok(h.facts[0].evidence && !h.facts[1].evidence, "%s: history says of which the raw message is kept", kind->name);
    ok(bb_store_evidence(store, &arena, h.facts[0].report, &out, &err) && bb_eq(out, bb_cstr(raw)),
       "%s: evidence comes back octet by octet", kind->name);
    ok(!bb_store_evidence(store, &arena, h.facts[1].report, &out, &err) && err.code == BB_ENOINPUT,
       "%s: none is kept of the other", kind->name);
    ok(!bb_store_evidence(store, &arena, 999, &out, &err) && err.code == BB_ENOINPUT, "%s: nor of none", kind->name);
}

/* Half a MiB of somebody's, forged: is its raw message kept? */
static bool forged_is_kept(bool chosen, bb_time now)
{
    static uint64_t keys = 1000;
    bb_str out;
    bb_report_query q = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    bb_stored_report *rows;
    size_t n;
    char *raw = bb_get(&arena, (1 << 19) + 1);
    memset(raw, 'x', 1 << 19);
    raw[1 << 19] = '\0';
    world_report w = {.key = ++keys, .time = now, .kind = BB_KIND_OTHER, .claim = WORLD_FORGED, .evidence = raw};
    bb_item item = world_item(&arena, &w);
    item.message->key.b[0] = chosen ? 16 : 17;
    if (!apply(&item, 1, now) || item.result != BB_RESULT_STORED) return false;
    if (!bb_store_reports(store, &arena, &q, 0, 1000, &rows, &n, &err) || !n) return false;
    return bb_store_evidence(store, &arena, rows[n - 1].id, &out, &err);
}

static size_t forged_kept(size_t n, bool chosen, bb_time now)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) kept += forged_is_kept(chosen, now);
    return kept;
}

static void forgeries(void)
{
    is_int(forged_kept(8, false, DAY(101)), 8, "%s: what is forged is stored with its raw message", kind->name);
    is_int(forged_kept(3, false, DAY(101)), 0, "%s: beyond half of a day's budget without", kind->name);
    is_int(forged_kept(20, true, DAY(101)), 8, "%s: but for one now and then, until that is full", kind->name);
    is_int(forged_kept(1, false, DAY(102)), 1, "%s: another day has another budget", kind->name);
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    report_from(PATH, 1, ann, BB_KIND_SOFT, "raw");
    ok(has_evidence((bb_history[]){history(ann)}, BB_KIND_SOFT), "%s: what is not forged needs none", kind->name);
}

/* ---- facts and sends ----------------------------------------------------------------------------------------- */

static void settings(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL), bob = person(news, "bob@example.com", NULL);
    bb_item set = world_fact(ann, BB_FACT_SET, DAY(1));
    set.set_status = BB_STATUS_UNSUBSCRIBED;
    set.note = BB_S("asked by phone");
    is_int(apply_one(&set), BB_RESULT_STORED, "%s: a setting by hand", kind->name);
    status_is(ann, BB_STATUS_UNSUBSCRIBED, "%s: it holds", kind->name);
    is_int(apply_one(&set), BB_RESULT_DUPLICATE, "%s: the same again is known", kind->name);
    bb_item move = world_fact(bob, BB_FACT_ADDRESS, DAY(2));
    move.address = world_subscriber(&arena, news, "Robert@example.net", NULL, DAY(0)).address;
    is_int(apply_one(&move), BB_RESULT_STORED, "%s: a change of address", kind->name);
    is_str(subscriber(bob).address, BB_S("Robert@example.net"), "%s: he has the new one", kind->name);
    bb_lookup old = {.by = BB_BY_ADDRESS, .text = BB_S("bob@example.com")};
    ok(bb_store_find(store, &arena, &old, 1, &err) && old.found == 0, "%s: the old one is free", kind->name);
    move.address = world_subscriber(&arena, news, "ann@example.com", NULL, DAY(0)).address;
    move.time = DAY(3);
    is_int(apply_one(&move), BB_RESULT_REFUSED, "%s: not to an address that another has", kind->name);
    bb_item nobody = world_fact(999, BB_FACT_UNSUBSCRIBE, DAY(1));
    is_int(apply_one(&nobody), BB_RESULT_REFUSED, "%s: nothing about nobody", kind->name);
    bb_item contact = world_subscriber(&arena, news, "seen@example.com", NULL, DAY(0));
    contact.contact = true;
    apply_one(&contact);
    ok(subscriber(contact.subscriber).contact, "%s: a contact is one", kind->name);
    bb_item welcome = world_fact(contact.subscriber, BB_FACT_SUBSCRIBE, DAY(5));
    apply_one(&welcome);
    ok(!subscriber(contact.subscriber).contact, "%s: until he subscribes", kind->name);
}

static void sends(void)
{
    uint32_t news = list("news"), other = list("other"), issue = mailing(news, DAY(4)),
             foreign = mailing(other, DAY(4));
    uint64_t ann = person(news, "ann@example.com", NULL);
    bb_item send = world_send(ann, issue, BB_NO_TIME);
    is_int(apply_one(&send), BB_RESULT_STORED, "%s: a send", kind->name);
    is_int(apply_one(&send), BB_RESULT_DUPLICATE, "%s: the same again is known", kind->name);
    bb_history h = history(ann);
    ok(h.n_sends == 1 && h.sends[0].mailing == issue && h.sends[0].time == DAY(4), "%s: at the mailing's time",
       kind->name);
    send.time = DAY(3);
    apply_one(&send);
    is_int(history(ann).sends[0].time, DAY(3), "%s: an earlier time of his own holds", kind->name);
    send.time = DAY(6);
    apply_one(&send);
    is_int(history(ann).sends[0].time, DAY(3), "%s: a later one does not", kind->name);
    send.mailing = foreign;
    is_int(apply_one(&send), BB_RESULT_REFUSED, "%s: not a mailing of another list", kind->name);
    send.mailing = 99;
    is_int(apply_one(&send), BB_RESULT_REFUSED, "%s: not one that is not there", kind->name);
}

/* ---- batches -------------------------------------------------------------------------------------------------- */

static void one_after_another(void)
{
    uint32_t news = list("news");
    world_report w = {
        .key = 1, .time = DAY(1), .kind = BB_KIND_SOFT, .claim = WORLD_TEXT, .recipient = "ann@example.com"};
    bb_item items[] = {world_item(&arena, &w), world_subscriber(&arena, news, "ann@example.com", NULL, DAY(0)),
                       world_item(&arena, &w), world_item(&arena, &w)};
    w.key = 2;
    items[3] = world_item(&arena, &w);
    ok(apply(items, BB_COUNT(items), DAY(9)), "%s: items of several kinds in one batch", kind->name);
    ok(items[0].result == BB_RESULT_STORED && items[0].settled->subscriber == 0,
       "%s: before she subscribed it was about nobody", kind->name);
    is_int(items[2].result, BB_RESULT_DUPLICATE, "%s: the same report within a batch", kind->name);
    ok(items[3].settled && items[3].settled->subscriber == items[1].subscriber, "%s: behind it, about her", kind->name);
    ok(apply(NULL, 0, DAY(9)), "%s: an empty batch", kind->name);
}

static bool no_policy(void *ctx, uint32_t of, bb_context *out)
{
    (void)ctx;
    (void)of;
    (void)out;
    return false;
}

static void all_or_nothing(void)
{
    bb_summary sum;
    bb_summary_query all = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL);
    const world_report w = {.key = 1, .time = DAY(1), .kind = BB_KIND_HARD, .subscriber = ann};
    bb_item items[] = {world_subscriber(&arena, news, "bob@example.com", NULL, DAY(0)), world_item(&arena, &w)};
    batch = (bb_batch){.items = items, .n = 2, .policy = no_policy, .now = DAY(2)};
    ok(!bb_store_apply(store, &arena, &batch, &err) && items[0].result == BB_RESULT_RETRY &&
           items[1].result == BB_RESULT_RETRY,
       "%s: a batch that fails answers retry", kind->name);
    bb_lookup bob = {.by = BB_BY_ADDRESS, .text = BB_S("bob@example.com")};
    ok(bb_store_find(store, &arena, &bob, 1, &err) && bob.found == 0, "%s: nothing of it is there", kind->name);
    ok(bb_store_summary(store, &arena, &all, DAY(9), &sum, &err) && sum.reports == 0, "%s: no report either",
       kind->name);
    ok(apply(items, 2, DAY(2)) && items[1].result == BB_RESULT_STORED, "%s: given again it is stored", kind->name);
    batch.now = BB_NO_TIME;
    ok(!bb_store_apply(store, &arena, &batch, &err) && err.code == BB_EUSAGE, "%s: a batch says when", kind->name);
}

/* ---- read again, rehearsed, followed --------------------------------------------------------------------------- */

static world_report about(uint64_t key, uint64_t who, bb_kind k)
{
    return (world_report){
        .key = key, .time = DAY(1), .kind = k, .reason = BB_REASON_userunknown, .subscriber = who, .evidence = "raw"};
}

static bb_result read_again(uint64_t report, uint64_t who, bb_kind k)
{
    const world_report w = about(1, who, k);
    bb_item item = world_reading(&arena, report, &w);
    bb_result result = apply_one(&item);
    if (result == BB_RESULT_STORED) ok(item.n_before == 1 && item.before, "%s: what it was is told", kind->name);
    return result;
}

static void readings(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL), bob = person(news, "bob@example.com", NULL);
    const world_report w = about(1, ann, BB_KIND_HARD);
    bb_item item = world_item(&arena, &w);
    apply_one(&item);
    uint64_t id = history(ann).facts[0].report;
    is_int(read_again(id, ann, BB_KIND_HARD), BB_RESULT_DUPLICATE, "%s: read again, the same", kind->name);
    is_int(read_again(id + 77, ann, BB_KIND_HARD), BB_RESULT_REFUSED, "%s: a report that is not there", kind->name);
    is_int(read_again(id, ann, BB_KIND_BLOCK), BB_RESULT_STORED, "%s: read again, otherwise", kind->name);
    status_is(ann, BB_STATUS_ACTIVE, "%s: what it said before counts no more", kind->name);
    ok(history(ann).n_facts == 1 && history(ann).facts[0].fact.kind == BB_KIND_BLOCK, "%s: one fact, as it reads now",
       kind->name);
    is_int(read_again(id, bob, BB_KIND_BLOCK), BB_RESULT_DUPLICATE, "%s: whom it is about was settled when it came",
           kind->name);
    is_int(read_again(id, bob, BB_KIND_HARD), BB_RESULT_STORED, "%s: and back to hard", kind->name);
    status_is(bob, BB_STATUS_ACTIVE, "%s: somebody else is not touched", kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: he is, whom it is about", kind->name);
    const world_report nobodys = about(2, 0, BB_KIND_HARD);
    item = world_item(&arena, &nobodys);
    apply_one(&item);
    is_int(read_again(id + 1, bob, BB_KIND_HARD), BB_RESULT_STORED, "%s: what was nobody's may find somebody",
           kind->name);
    status_is(bob, BB_STATUS_BOUNCED, "%s: and acts on him", kind->name);
    bb_summary s;
    bb_summary_query q = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    ok(bb_store_summary(store, &arena, &q, DAY(3), &s, &err) && s.reports == 2 && s.readings == 2,
       "%s: counted as it reads now", kind->name);
}

static void reports_by_query(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL);
    bb_stored_report *rows;
    size_t n;
    for (uint64_t i = 0; i < 5; i++) report(10 + i, i == 2 ? 0 : ann, 0, BB_KIND_SOFT, DAY(1 + i));
    bb_report_query q = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    ok(bb_store_reports(store, &arena, &q, 0, 3, &rows, &n, &err) && n == 3, "%s: as many reports as asked",
       kind->name);
    uint64_t third = n == 3 ? rows[2].id : 0;
    ok(bb_store_reports(store, &arena, &q, third, 3, &rows, &n, &err) && n == 2 && rows[0].id > third,
       "%s: those behind", kind->name);
    q = (bb_report_query){.list = news, .from = DAY(2), .until = DAY(5)};
    ok(bb_store_reports(store, &arena, &q, 0, 9, &rows, &n, &err) && n == 2 && rows[0].time == DAY(2),
       "%s: of a list and a time", kind->name);
    q = (bb_report_query){.unread = true, .from = BB_NO_TIME, .until = BB_NO_TIME};
    ok(bb_store_reports(store, &arena, &q, 0, 9, &rows, &n, &err) && n == 0, "%s: all of them could be read",
       kind->name);
}

static void rehearsed(void)
{
    uint32_t news = list("news");
    uint64_t ann = person(news, "ann@example.com", NULL);
    ok(bb_store_rehearse(store, &err), "%s: a rehearsal begins", kind->name);
    is_int(report(1, ann, 0, BB_KIND_HARD, DAY(1)), BB_RESULT_STORED, "%s: rehearsed", kind->name);
    ok(batch.n_changes == 1, "%s: it tells whom it would move", kind->name);
    is_int(report(1, ann, 0, BB_KIND_HARD, DAY(1)), BB_RESULT_DUPLICATE, "%s: one batch sees the other's", kind->name);
    bb_store_rehearse_end(store);
    status_is(ann, BB_STATUS_ACTIVE, "%s: nothing of it stays", kind->name);
    is_int(report(1, ann, 0, BB_KIND_HARD, DAY(1)), BB_RESULT_STORED, "%s: and then it is stored", kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: for good", kind->name);
}

static void policies(void)
{
    uint32_t news = list("news"), other = list("other");
    bb_policy_version v = {.list = other, .policy = bb_policy_defaults}, *all;
    size_t n;
    ok(bb_store_policy_add(store, &v, &err), "%s: a policy of another list", kind->name);
    v.list = news;
    ok(bb_store_policy_add(store, &v, &err), "%s: a first policy", kind->name);
    v.policy = (bb_policy){DAY(5), 2, 7, 8 * BB_DAY, BB_WINDOW_LONGER, 99, 1.5, 3, true};
    ok(bb_store_policy_add(store, &v, &err), "%s: and a second", kind->name);
    ok(bb_store_policies(store, &arena, &all, &n, &err) && n == 3 && all[0].list == news && all[1].list == news &&
           all[2].list == other,
       "%s: by list, as they were added", kind->name);
    ok(n == 3 && all[0].policy.from == BB_NO_TIME && bb_policy_same(&all[0].policy, &bb_policy_defaults) &&
           all[1].policy.from == DAY(5) && bb_policy_same(&all[1].policy, &v.policy),
       "%s: each as it was", kind->name);
    v.policy.from = BB_NO_TIME;
    ok(bb_store_policy_add(store, &v, &err) && bb_store_policies(store, &arena, &all, &n, &err) && n == 2 &&
           all[0].list == news && all[0].policy.observe && all[1].list == other,
       "%s: one from ever takes the place of all of the list's", kind->name);
    v.list = 77;
    if (kind->file) ok(!bb_store_policy_add(store, &v, &err), "%s: no policy of a list that is not there", kind->name);
}

static void files_followed(void)
{
    bb_progress rows[] = {
        {.file = {{2}}, .behind = 20, .number = 2, .size = 30, .changed = -5, .touched = 6, .tail = {{9}}},
        {.file = {{1}}, .behind = 10, .number = 1, .size = 10, .changed = 5, .tail = {{8}}}};
    bb_progress *all, again = rows[0];
    bb_policy policy = bb_policy_defaults;
    bb_batch b = {.policy = world_policy, .policy_ctx = &policy, .now = DAY(1), .progress = rows, .n_progress = 2};
    size_t n;
    ok(bb_store_apply(store, &arena, &b, &err), "%s: how far files were read", kind->name);
    again.behind = 25;
    b.progress = &again;
    b.n_progress = 1;
    ok(bb_store_apply(store, &arena, &b, &err), "%s: and further", kind->name);
    ok(bb_store_progress(store, &arena, &all, &n, &err) && n == 2 && all[0].file.b[0] == 1 && all[0].behind == 10 &&
           all[1].behind == 25 && all[1].changed == -5 && all[1].touched == 6 && all[1].number == 2 &&
           all[1].tail.b[0] == 9,
       "%s: each file once, the last word", kind->name);
    bb_item bad = world_fact(1, BB_FACT_SET, DAY(1));
    again.behind = 30;
    b = (bb_batch){.items = &bad, .n = 1, .now = BB_NO_TIME, .progress = &again, .n_progress = 1};
    ok(!bb_store_apply(store, &arena, &b, &err) && bb_store_progress(store, &arena, &all, &n, &err) &&
           all[1].behind == 25,
       "%s: not where the batch failed", kind->name);
}

static void refused_counted(void)
{
    const bb_time eight = DAY(3) + 8 * BB_HOUR, nine = eight + BB_HOUR;
    const bb_hash mine = {{1}}, other = {{2}};
    bb_refused rows[] = {{nine, mine, BB_REFUSAL_EXPIRED, 4},
                         {eight, mine, BB_REFUSAL_WRONG_MAC, 3},
                         {nine, mine, BB_REFUSAL_WRONG_MAC, 5},
                         {nine, other, BB_REFUSAL_WRONG_MAC, 10}};
    bb_refused *all;
    bb_policy policy = bb_policy_defaults;
    bb_batch b = {.policy = world_policy, .policy_ctx = &policy, .now = DAY(4), .refused = rows, .n_refused = 4};
    size_t n;
    ok(bb_store_apply(store, &arena, &b, &err) && bb_store_apply(store, &arena, &b, &err),
       "%s: what was refused, given twice", kind->name);
    rows[2].n = 6;
    b.refused = &rows[2];
    b.n_refused = 1;
    ok(bb_store_apply(store, &arena, &b, &err), "%s: and more of one hour", kind->name);
    ok(bb_store_refused(store, &arena, BB_NO_TIME, BB_NO_TIME, &all, &n, &err) && n == 3 && all[0].hour == eight &&
           all[0].n == 3 && all[1].cause == BB_REFUSAL_WRONG_MAC && all[1].n == 16 &&
           all[2].cause == BB_REFUSAL_EXPIRED && all[2].n == 4,
       "%s: each writer's last word of each hour, added up", kind->name);
    ok(bb_store_refused(store, &arena, nine + 1800, BB_NO_TIME, &all, &n, &err) && n == 2 && all[0].hour == nine,
       "%s: an hour that has begun is there", kind->name);
    ok(bb_store_refused(store, &arena, BB_NO_TIME, nine, &all, &n, &err) && n == 1 && all[0].hour == eight,
       "%s: the next one is not", kind->name);
    rows[2].n = 7;
    bool tried = bb_store_rehearse(store, &err) && bb_store_apply(store, &arena, &b, &err);
    bb_store_rehearse_end(store);
    ok(tried && bb_store_refused(store, &arena, nine, BB_NO_TIME, &all, &n, &err) && all[0].n == 16,
       "%s: nothing of a batch that was taken back", kind->name);
}

/* ---- reading for people ------------------------------------------------------------------------------------------ */

static bool count_up(void *ctx, const bb_subscriber *s)
{
    uint64_t *seen = ctx;
    seen[0]++;
    if (s->id <= seen[1]) seen[2]++; /* out of order */
    seen[1] = s->id;
    return seen[0] != seen[3];
}

static void everybody(void)
{
    uint32_t news = list("news"), other = list("other");
    enum { MANY = 1203 };
    bb_item *items = bb_get_array(&arena, MANY, sizeof *items);
    for (int i = 0; i < MANY; i++)
        items[i] =
            world_subscriber(&arena, i % 3 ? news : other, bb_sprintf(&arena, "u%d@example.com", i).p, NULL, DAY(0));
    ok(apply(items, MANY, DAY(1)), "%s: many subscribers", kind->name);
    uint64_t all[4] = {0}, some[4] = {0}, few[4] = {0, 0, 0, 7};
    ok(bb_store_each_subscriber(store, 0, count_up, all, &err) && all[0] == MANY && !all[2], "%s: all of them, by id",
       kind->name);
    ok(bb_store_each_subscriber(store, other, count_up, some, &err) && some[0] == MANY / 3, "%s: those of one list",
       kind->name);
    ok(bb_store_each_subscriber(store, 0, count_up, few, &err) && few[0] == 7, "%s: until it is enough", kind->name);
}

typedef struct {
    uint64_t ids[8];
    size_t n;
} few_ids;

static bool note_id(void *ctx, const bb_subscriber *s)
{
    few_ids *f = ctx;
    if (f->n < BB_COUNT(f->ids)) f->ids[f->n++] = s->id;
    return true;
}

static bool add_at(uint32_t of, const char *address, bb_time now, uint64_t *id)
{
    bb_item item = world_subscriber(&arena, of, address, NULL, DAY(0));
    bool well = apply(&item, 1, now);
    *id = item.subscriber;
    return well;
}

/* Who came, moved or changed since then, and whose quarantine ended meanwhile. */
static void changed_since(void)
{
    uint32_t news = list("news"), other = list("other");
    uint64_t ann = 0, bob = 0, carl = 0, dora = 0, eve = 0;
    ok(add_at(news, "ann@example.com", DAY(1), &ann) && add_at(news, "bob@example.com", DAY(1), &bob) &&
           add_at(other, "carl@example.com", DAY(1), &carl) && add_at(news, "dora@example.com", DAY(5), &dora) &&
           add_at(news, "eve@example.com", DAY(1), &eve),
       "%s: some came early, one later", kind->name);
    bb_item hard =
        world_item(&arena, &(world_report){.key = 1, .time = DAY(2), .kind = BB_KIND_HARD, .subscriber = ann});
    bb_item soft =
        world_item(&arena, &(world_report){.key = 2, .time = DAY(2), .kind = BB_KIND_SOFT, .subscriber = bob});
    bb_item move = world_fact(carl, BB_FACT_ADDRESS, DAY(2)),
            late = world_subscriber(&arena, news, "eve@example.com", "e", DAY(0));
    move.address = world_subscriber(&arena, news, "karl@example.com", NULL, DAY(0)).address;
    ok(apply(&hard, 1, DAY(7)) && apply(&soft, 1, DAY(3)) && apply(&move, 1, DAY(8)) && apply(&late, 1, DAY(9)),
       "%s: and things happened to the others", kind->name);
    is_int(subscriber(ann).changed, DAY(7), "%s: a change is dated by when it was recorded", kind->name);
    const struct {
        uint32_t list;
        bb_time since, now;
        uint64_t want[6];
    } rows[] = {
        {0, DAY(0), DAY(10), {ann, bob, carl, dora, eve}},
        {0, DAY(9), DAY(10), {eve}},
        {0, DAY(9) + 1, DAY(10), {0}},
        {0, DAY(7), DAY(10), {ann, carl, eve}},
        {news, DAY(7), DAY(10), {ann, eve}},
        {other, DAY(7), DAY(10), {carl}},
        {news, DAY(5), DAY(5), {ann, bob, dora, eve}}, /* bob's quarantine ends on day 5 */
        {news, DAY(5), DAY(5) - 1, {ann, dora, eve}},  /* not yet over */
        {news, DAY(5) + 1, DAY(10), {ann, eve}},       /* over before */
    };
    for (size_t i = 0; i < BB_COUNT(rows); i++) {
        few_ids got = {0};
        size_t n = 0;
        while (rows[i].want[n]) n++;
        bool well = bb_store_each_changed(store, rows[i].list, rows[i].since, rows[i].now, note_id, &got, &err);
        ok(well && got.n == n && memcmp(got.ids, rows[i].want, n * sizeof *got.ids) == 0, "%s: changed since, %zu",
           kind->name, i);
    }
    bb_item back = world_fact(ann, BB_FACT_SUBSCRIBE, DAY(3));
    ok(apply(&back, 1, DAY(4)), "%s: the clock was set back", kind->name);
    ok(subscriber(ann).status == BB_STATUS_ACTIVE && subscriber(ann).changed == DAY(7), "%s: that hides no change",
       kind->name);
}

static int64_t counted(const bb_count *items, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (bb_eq(items[i].word, bb_cstr(word))) return items[i].n;
    return 0;
}

static void summary(void)
{
    uint32_t news = list("news"), other = list("other");
    uint64_t ann = person(news, "ann@example.com", NULL), bob = person(news, "bob@example.org", NULL),
             carl = person(other, "carl@example.org", NULL);
    report(1, ann, 0, BB_KIND_HARD, DAY(1));
    report(2, bob, 0, BB_KIND_SOFT, DAY(2));
    report(3, carl, 0, BB_KIND_SOFT, DAY(3));
    bb_summary s;
    bb_summary_query q = {.from = BB_NO_TIME, .until = BB_NO_TIME};
    ok(bb_store_summary(store, &arena, &q, DAY(3), &s, &err) && s.reports == 3 && s.readings == 3, "%s: all reports",
       kind->name);
    ok(counted(s.kinds, s.n_kinds, "soft") == 2 && counted(s.kinds, s.n_kinds, "hard") == 1 &&
           bb_eq(s.kinds[0].word, BB_S("soft")),
       "%s: by kind, most first", kind->name);
    ok(counted(s.domains, s.n_domains, "example.org") == 2 && counted(s.lists, s.n_lists, "other") == 1 &&
           counted(s.reasons, s.n_reasons, "userunknown") == 3 && counted(s.trusts, s.n_trusts, "signed") == 3,
       "%s: by domain, list, reason and trust", kind->name);
    ok(s.statuses[BB_STATUS_BOUNCED] == 1 && s.statuses[BB_STATUS_QUARANTINED] == 2, "%s: statuses", kind->name);
    ok(bb_store_summary(store, &arena, &q, DAY(90), &s, &err) && s.statuses[BB_STATUS_ACTIVE] == 2,
       "%s: a quarantine ends by itself", kind->name);
    q = (bb_summary_query){.list = news, .from = DAY(1), .until = DAY(2)};
    ok(bb_store_summary(store, &arena, &q, DAY(3), &s, &err) && s.reports == 1 && s.readings == 1,
       "%s: of one list and time, its end left out", kind->name);
}

static void kept_over_closing(void)
{
    const char *path = world_path(&arena);
    if (!kind->file) return;
    bb_store_close(&store);
    ok(kind->open(path, BB_STORE_CREATE, &store, &err), "%s: made", kind->name);
    uint64_t ann = person(list("news"), "ann@example.com", NULL);
    report(1, ann, 0, BB_KIND_HARD, DAY(1));
    bb_store_close(&store);
    ok(kind->open(path, BB_STORE_READ, &store, &err), "%s: opened again, to read", kind->name);
    status_is(ann, BB_STATUS_BOUNCED, "%s: what was stored is there", kind->name);
    bb_item item = world_subscriber(&arena, 1, "bob@example.com", NULL, DAY(0));
    ok(!world_apply(store, &arena, NULL, &item, 1, DAY(1), &batch, &err) && err.code == BB_EUSAGE,
       "%s: who only reads cannot write", kind->name);
}

/* Who waits for something else lets others write meanwhile, and goes on behind them. */
static void let_go(void)
{
    const char *path = world_path(&arena);
    bb_store *other = NULL;
    if (!kind->file) {
        bb_store_let_go(store);
        ok(bb_store_hold(store, &err), "%s: there is nothing to hold", kind->name);
        return;
    }
    bb_store_close(&store);
    ok(kind->open(path, BB_STORE_CREATE, &store, &err), "%s: made", kind->name);
    uint32_t news = list("news");
    bb_store_let_go(store);
    ok(!world_apply(store, &arena, NULL, &(bb_item){0}, 0, DAY(1), &batch, &err) && err.code == BB_EUSAGE,
       "%s: let go, nothing is written", kind->name);
    ok(kind->open(path, BB_STORE_WRITE, &other, &err), "%s: another may", kind->name);
    ok(!bb_store_hold(store, &err) && err.code == BB_EBUSY, "%s: which holds it then", kind->name);
    bb_store_close(&other);
    ok(bb_store_hold(store, &err) && bb_store_hold(store, &err), "%s: held again, twice is once", kind->name);
    ok(person(news, "ann@example.com", NULL), "%s: and written", kind->name);
}

int main(void)
{
    static void (*const checks[])(void) = {lists_and_mailings,
                                           subscribers,
                                           again,
                                           surplus,
                                           surplus_of_evidence,
                                           refused_counted,
                                           surplus_of_unsubscriptions,
                                           unsubscribed_by_mail,
                                           read_again_as_mail,
                                           forgeries,
                                           look_ups,
                                           reports,
                                           earlier_duplicate,
                                           whom,
                                           evidence,
                                           settings,
                                           sends,
                                           one_after_another,
                                           all_or_nothing,
                                           everybody,
                                           changed_since,
                                           summary,
                                           kept_over_closing,
                                           readings,
                                           reports_by_query,
                                           rehearsed,
                                           files_followed,
                                           policies,
                                           let_go};
    bb_arena_init(&arena, &tap_alloc, BB_ARENA_LIMIT);
    for (size_t k = 0; k < BB_COUNT(world_stores); k++)
        for (size_t i = 0; i < BB_COUNT(checks); i++) {
            kind = &world_stores[k];
            begin();
            checks[i]();
            end();
        }
    bb_arena_free(&arena);
    return tap_done();
}
