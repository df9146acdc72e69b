/* SPDX-License-Identifier: MIT
 *
 * Lines of a CSV file as somebody exported it from somewhere, to subscribers: which column is which, and what each
 * field must be.
 */
#include "app/cli/cmd_import.h"

/* ---- columns ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    import_column column;
} names[] = {
    {"email", COLUMN_ADDRESS},
    {"address", COLUMN_ADDRESS},
    {"e-mail", COLUMN_ADDRESS},
    {"email address", COLUMN_ADDRESS},
    {"email_address", COLUMN_ADDRESS},
    {"external_id", COLUMN_EXTERNAL_ID},
    {"id", COLUMN_ID},
    {"since", COLUMN_SINCE},
    {"date", COLUMN_SINCE},
    {"status", COLUMN_STATUS},
    {"until", COLUMN_UNTIL},
    {"contact", COLUMN_CONTACT},
};

static bool column_of(bb_str head, import_column *out)
{
    for (size_t i = 0; i < BB_COUNT(names); i++) {
        if (!bb_ieq(head, bb_cstr(names[i].name))) continue;
        *out = names[i].column;
        return true;
    }
    return false;
}

bool import_header(const bb_csv_row *first, import_columns *out, bool *header, bb_err *err)
{
    for (size_t k = 0; k < COLUMNS; k++) out->at[k] = BB_NPOS;
    for (size_t i = 0; i < first->n; i++) {
        import_column k;
        if (!column_of(bb_trim(first->fields[i]), &k)) continue;
        if (out->at[k] != BB_NPOS)
            return bb_fail(err, BB_EDATA, "line %llu: there is a second column like \"" BB_FMT "\"",
                           (unsigned long long)first->line, BB_ARG(bb_sub(first->fields[i], 0, 100)));
        out->at[k] = i;
    }
    *header = out->at[COLUMN_ADDRESS] != BB_NPOS;
    if (*header && out->at[COLUMN_EXTERNAL_ID] == BB_NPOS) out->at[COLUMN_EXTERNAL_ID] = out->at[COLUMN_ID];
    if (*header) return true;
    if (first->n == 1 && bb_chr(first->fields[0], '@') != BB_NPOS) {
        out->at[COLUMN_ADDRESS] = 0;
        return true;
    }
    return bb_fail(err, BB_EDATA,
                   "line %llu: no column is called \"email\"; a header says which is which, and only a file of "
                   "nothing but addresses needs none",
                   (unsigned long long)first->line);
}

/* ---- fields -------------------------------------------------------------------------------------------------- */

static bb_str field(const import_columns *columns, const bb_csv_row *row, import_column k)
{
    return columns->at[k] < row->n ? bb_trim(row->fields[columns->at[k]]) : (bb_str){0};
}

static bool read_time(bb_str text, bb_time *out)
{
    *out = text.n ? bb_time_iso(text) : BB_NO_TIME;
    return !text.n || *out != BB_NO_TIME;
}

static bool read_yes(bb_str text, bool *out)
{
    static const char *const words[] = {"", "no", "0", "false", "yes", "1", "true"};
    for (size_t i = 0; i < BB_COUNT(words); i++) {
        if (!bb_ieq(text, bb_cstr(words[i]))) continue;
        *out = i > 3;
        return true;
    }
    return false;
}

bool import_row(bb_arena *a, const import_columns *columns, const bb_csv_row *row, bb_item *out, const char **why)
{
    bb_err err;
    bb_str id = field(columns, row, COLUMN_EXTERNAL_ID), status = field(columns, row, COLUMN_STATUS);
    *out = (bb_item){.type = BB_ITEM_SUBSCRIBER, .set_until = BB_NO_TIME};
    *why = row->bad;
    if (row->bad) return false;
    bb_str address = bb_dup(a, field(columns, row, COLUMN_ADDRESS));
    if (!address.n) *why = "no address";
    else if (!bb_address_read(a, address, &out->address, &err)) *why = bb_dup(a, bb_cstr(err.text)).p;
    else if (id.n > BB_EXTERNAL_ID_MAX) *why = "an id of more than 64 octets";
    else if (!bb_utf8_valid(id)) *why = "an id that is not UTF-8";
    else if (bb_has_control(id)) *why = "an id with control characters";
    else if (!read_time(field(columns, row, COLUMN_SINCE), &out->time)) *why = "a date that is none";
    else if (!read_time(field(columns, row, COLUMN_UNTIL), &out->set_until)) *why = "an end (until) that is no date";
    else if (!read_yes(field(columns, row, COLUMN_CONTACT), &out->contact)) *why = "contact is neither yes nor no";
    else if (status.n && !bb_status_from(status, &out->set_status)) *why = "a status that is none of ours";
    out->external_id = bb_dup(a, id);
    return !*why;
}
