/* SPDX-License-Identifier: MIT
 *
 * UTC time read and written: mail dates, ISO 8601, asctime, durations. No time zone of the machine enters.
 */
#include "core/base/base.h"

#include <string.h>

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

typedef struct {
    int year, month, day, hour, minute, second;
    int offset; /* minutes east of UTC */
} civil;

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bb_time to_time(const civil *c)
{
    if (c->year < 1900 || c->year > 9999 || c->month < 1 || c->month > 12) return BB_NO_TIME;
    if (c->day < 1 || c->day > days_in(c->year, c->month)) return BB_NO_TIME;
    if (c->hour > 24 || c->minute > 59 || c->second > 60) return BB_NO_TIME;
    return days_from_civil(c->year, c->month, c->day) * BB_DAY + c->hour * 3600 + c->minute * 60 + c->second -
           c->offset * (bb_time)60;
}

/* ---- scanning: each takes something off the front of *s, or leaves it alone and answers false ---------------- */

static void skip_space(bb_str *s)
{
    size_t n = 0;
    while (n < s->n && (bb_is_space(s->p[n]) || s->p[n] == ',')) n++;
    *s = bb_sub(*s, n, BB_NPOS);
}

/* RFC 5322 section 3.2.2: comments may stand anywhere. */
static void skip_cfws(bb_str *s)
{
    skip_space(s);
    for (int i = 0; i < 8 && s->n && s->p[0] == '('; i++) {
        size_t end = bb_chr(*s, ')');
        if (end == BB_NPOS) return;
        *s = bb_sub(*s, end + 1, BB_NPOS);
        skip_space(s);
    }
}

static bool number(bb_str *s, size_t min_digits, size_t max_digits, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && n < max_digits && bb_is_digit(s->p[n])) v = v * 10 + (s->p[n++] - '0');
    if (n < min_digits) return false;
    *s = bb_sub(*s, n, BB_NPOS);
    *out = v;
    return true;
}

static bool literal(bb_str *s, char c)
{
    if (!s->n || s->p[0] != c) return false;
    *s = bb_sub(*s, 1, BB_NPOS);
    return true;
}

static bb_str word(bb_str *s)
{
    size_t n = 0;
    while (n < s->n && bb_lower(s->p[n]) >= 'a' && bb_lower(s->p[n]) <= 'z') n++;
    bb_str w = bb_sub(*s, 0, n);
    *s = bb_sub(*s, n, BB_NPOS);
    return w;
}

static bool month_name(bb_str *s, int *out)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    bb_str name = bb_sub(word(s), 0, 3);
    for (int m = 0; m < 12; m++)
        if (bb_ieq(name, (bb_str){months + 3 * m, 3})) {
            *out = m + 1;
            return true;
        }
    return false;
}

static bool clock_time(bb_str *s, civil *c)
{
    if (!number(s, 1, 2, &c->hour) || !literal(s, ':') || !number(s, 1, 2, &c->minute)) return false;
    if (literal(s, ':')) {
        if (!number(s, 1, 2, &c->second)) return false;
        if (literal(s, '.'))
            while (s->n && bb_is_digit(s->p[0])) *s = bb_sub(*s, 1, BB_NPOS);
    }
    bb_str behind = *s;
    skip_space(&behind);
    bb_str half = word(&behind); /* "3:44:00 PM" */
    bool pm = bb_ieq(half, BB_S("pm"));
    if (!pm && !bb_ieq(half, BB_S("am"))) return true;
    if (c->hour <= 12) c->hour = c->hour % 12 + (pm ? 12 : 0);
    *s = behind;
    return true;
}

static bool numeric_offset(bb_str *s, int *minutes)
{
    bb_str at = *s;
    int sign = literal(&at, '+') ? 1 : literal(&at, '-') ? -1 : 0, h, m = 0;
    if (!sign || !number(&at, 2, 2, &h)) return false;
    (void)literal(&at, ':');
    (void)number(&at, 2, 2, &m);
    if (h > 23 || m > 59) return false;
    *minutes = sign * (h * 60 + m);
    *s = at;
    return true;
}

/* RFC 5322 section 4.3, and a few that MTAs write though nobody defined them. Unknown letters mean UTC. */
static int named_offset(bb_str name)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = {{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360},
                 {"PST", -480}, {"PDT", -420}, {"JST", 540},  {"CET", 60},   {"MET", 60},   {"CEST", 120},
                 {"MEST", 120}, {"EET", 120},  {"EEST", 180}, {"BST", 60},   {"MSK", 180},  {"HKT", 480},
                 {"KST", 540},  {"IST", 330},  {"AEST", 600}, {"AEDT", 660}, {"NZST", 720}};
    for (size_t i = 0; i < BB_COUNT(zones) && name.n; i++)
        if (bb_is(name, zones[i].name)) return zones[i].minutes;
    return 0;
}

static int offset(bb_str *s)
{
    int minutes;
    if (numeric_offset(s, &minutes)) return minutes;
    int named = named_offset(word(s));
    return numeric_offset(s, &minutes) ? minutes : named; /* "GMT+0100" */
}

static bb_time rfc5322(bb_str s)
{
    civil c = {0};
    skip_cfws(&s);
    if (s.n && !bb_is_digit(s.p[0])) {
        (void)word(&s); /* the day of the week says nothing that the date does not */
        (void)literal(&s, '.');
        skip_cfws(&s);
    }
    if (!number(&s, 1, 2, &c.day)) return BB_NO_TIME;
    (void)literal(&s, '-');
    skip_cfws(&s);
    if (!month_name(&s, &c.month)) return BB_NO_TIME;
    (void)literal(&s, '-');
    skip_cfws(&s);
    size_t before = s.n;
    if (!number(&s, 2, 4, &c.year)) return BB_NO_TIME;
    if (before - s.n == 2) c.year += c.year < 50 ? 2000 : 1900; /* RFC 5322 section 4.3 */
    if (before - s.n == 3) c.year += 1900;
    skip_cfws(&s);
    if (!clock_time(&s, &c)) return BB_NO_TIME;
    skip_cfws(&s);
    c.offset = offset(&s);
    return to_time(&c);
}

bb_time bb_time_rfc5322(bb_str s)
{
    bb_time t = rfc5322(s);
    if (t == BB_NO_TIME) t = bb_time_asctime(s); /* programs that print ctime() into Date */
    if (t == BB_NO_TIME && !bb_starts(bb_trim(s), BB_S("@"))) t = bb_time_iso(s);
    return t;
}

bb_time bb_time_iso(bb_str s)
{
    civil c = {0};
    s = bb_trim(s);
    uint64_t seconds;
    if (literal(&s, '@')) return bb_u64(s, &seconds) && seconds <= 253402300799U ? (bb_time)seconds : BB_NO_TIME;
    if (!number(&s, 4, 4, &c.year) || !literal(&s, '-') || !number(&s, 2, 2, &c.month) || !literal(&s, '-') ||
        !number(&s, 2, 2, &c.day))
        return BB_NO_TIME;
    if (!s.n) return to_time(&c);
    if (!literal(&s, 'T') && !literal(&s, 't') && !literal(&s, ' ')) return BB_NO_TIME;
    if (!clock_time(&s, &c)) return BB_NO_TIME;
    (void)literal(&s, ' ');
    if (!literal(&s, 'Z') && !literal(&s, 'z')) (void)numeric_offset(&s, &c.offset);
    return s.n ? BB_NO_TIME : to_time(&c);
}

static bb_time asctime_form(bb_str s)
{
    civil c = {0};
    skip_space(&s);
    if (word(&s).n != 3) return BB_NO_TIME;
    skip_space(&s);
    if (!month_name(&s, &c.month)) return BB_NO_TIME;
    skip_space(&s);
    if (!number(&s, 1, 2, &c.day)) return BB_NO_TIME;
    skip_space(&s);
    if (!clock_time(&s, &c)) return BB_NO_TIME;
    skip_space(&s);
    c.offset = offset(&s); /* date(1) has it before the year, some mailboxes behind it */
    skip_space(&s);
    if (!number(&s, 4, 4, &c.year)) return BB_NO_TIME;
    skip_space(&s);
    (void)numeric_offset(&s, &c.offset);
    return to_time(&c);
}

bb_time bb_time_asctime(bb_str s)
{
    if (!bb_starts(s, BB_S("From "))) return asctime_form(s);
    bb_time t = BB_NO_TIME;
    for (int words = 0; words < 16 && t == BB_NO_TIME; words++) { /* a quoted sender may hold spaces */
        size_t space = bb_chr(s, ' ');
        if (space == BB_NPOS) break;
        s = bb_sub(s, space + 1, BB_NPOS);
        t = asctime_form(s);
    }
    return t;
}

static void two_digits(char *to, unsigned v)
{
    to[0] = (char)('0' + v / 10 % 10);
    to[1] = (char)('0' + v % 10);
}

char *bb_time_str(bb_time t, char out[BB_TIME_LEN])
{
    out[0] = '\0';
    if (t == BB_NO_TIME || t < -(bb_time)70 * 366 * BB_DAY || t > (bb_time)253402300799) return out;
    int64_t days = t / BB_DAY - (t % BB_DAY < 0), year;
    unsigned seconds = (unsigned)(t - days * BB_DAY) % 86400;
    int month, day;
    civil_from_days(days, &year, &month, &day);
    memcpy(out, "yyyy-mm-ddThh:mm:ssZ", BB_TIME_LEN);
    const unsigned parts[] = {(unsigned)year / 100, (unsigned)year,    (unsigned)month, (unsigned)day,
                              seconds / 3600,       seconds / 60 % 60, seconds % 60};
    static const unsigned char places[] = {0, 2, 5, 8, 11, 14, 17};
    for (size_t i = 0; i < BB_COUNT(places); i++) two_digits(out + places[i], parts[i]);
    return out;
}

bool bb_duration(bb_str s, int64_t *seconds)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    int64_t factor = 1;
    uint64_t n;
    s = bb_trim(s);
    for (size_t i = 0; s.n && i < BB_COUNT(units); i++)
        if (bb_lower(s.p[s.n - 1]) == units[i].unit) {
            factor = units[i].seconds;
            s = bb_trim(bb_sub(s, 0, s.n - 1));
            break;
        }
    if (!bb_u64(s, &n) || n > (uint64_t)(INT64_MAX / factor)) return false;
    *seconds = (int64_t)n * factor;
    return true;
}
