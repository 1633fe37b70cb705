/* Rows of the audit log that the command line makes. The actor is the operating system's user. */
#include "control/commands/cli_audit.h"

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "control/store/audit_store.h"

static void who(char *out, size_t max)
{
    char host[256] = "";
    const struct passwd *p = getpwuid(geteuid());
    (void)gethostname(host, sizeof host - 1);
    if (p)
        (void)snprintf(out, max, "%s@%s", p->pw_name, host);
    else
        (void)snprintf(out, max, "uid %ld@%s", (long)geteuid(), host);
}

enum pg_err cli_audit(struct pg *pg, const struct cli_change *change)
{
    char name[512];
    struct pg_result *r = NULL;
    enum pg_err e = PG_OK;
    struct str after = change->after;
    who(name, sizeof name);
    if (change->get) {
        e = change->get(pg, change->organisation, *change->target, &r);
        after = e == PG_OK && pg_rows(r) > 0 ? pg_str(r, 0, 0) : STR_NULL;
    }
    const struct audit_entry entry = {
        .organisation = &change->organisation,
        .action = change->action,
        .actor_name = name,
        .project = change->project,
        .target = change->target,
        .after = after,
    };
    if (e == PG_OK)
        e = audit_store_add(pg, &entry);
    pg_result_free(r);
    return e;
}
