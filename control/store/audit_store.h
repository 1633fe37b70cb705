/* SQL of the audit log: rows are added, never changed. */
#ifndef DOTEB_CONTROL_AUDIT_STORE_H
#define DOTEB_CONTROL_AUDIT_STORE_H

#include "common/pg.h"
#include "common/uuid.h"
#include "control/store/place.h"

struct audit_entry {
    const struct uuid *organisation; /* NULL: every one that the actor is a member of, the
                                        operator's if there is none */
    const char *action;
    bool by_operator;                    /* one of those who operate the instance: no `actor` */
    const struct uuid *actor;            /* a user; NULL: the command line */
    const char *actor_name;              /* of the command line, or of the token of the user by
                                            which they did it; a user's own is looked up */
    const struct uuid *project, *target; /* may be NULL */
    struct str before, after;            /* JSON objects as the API shows them; NULL p: none */
    const char *ip;                      /* NULL: unknown */
    struct str user_agent;
};

/* In the transaction of the change. */
MUST_USE enum pg_err audit_store_add(struct pg *pg, const struct audit_entry *a);

struct audit_filter {
    struct uuid organisation;
    struct str action;                           /* "api_key" or "api_key.create"; NULL p: any */
    const struct uuid *actor, *target, *project; /* NULL: any */
    int64_t from_us, to_us;                      /* 0: open */
    struct place after;
    int64_t limit;
};

/* Newest first. Columns: the item's JSON, created_at in us, id. */
MUST_USE enum pg_err audit_store_list(struct pg *pg, const struct audit_filter *f,
                                      struct pg_result **out);
/* The same as text for a table: AUDIT_COLUMNS columns, of those names. */
MUST_USE enum pg_err audit_store_export(struct pg *pg, const struct audit_filter *f,
                                        struct pg_result **out);

enum { AUDIT_COLUMNS = 12 };
extern const char *const audit_columns[AUDIT_COLUMNS];

#endif
