/* What a verb of the command line changed, for the audit log. In the transaction of the change. */
#ifndef DOTEB_CONTROL_CLI_AUDIT_H
#define DOTEB_CONTROL_CLI_AUDIT_H

#include "control/call.h"

struct cli_change {
    struct uuid organisation;
    const char *action;
    const struct uuid *project, *target; /* may be NULL */
    item_fn *get;                        /* how the new `target` is read; or */
    struct str after;                    /* what it is, as a JSON object */
};

MUST_USE enum pg_err cli_audit(struct pg *pg, const struct cli_change *change);

#endif
