/* The SQL of "changed since", for both change feeds. */
#ifndef DOTEB_STORE_CHANGED_H
#define DOTEB_STORE_CHANGED_H

/* A condition on changed_xid: the row was committed, and was not yet at the snapshot (an SQL
 * expression of type pg_snapshot). Exact whatever the order of commits: a row is new if its
 * transaction was not visible then. The comparison with xmin lets an index find the few that can
 * be; that with xmax leaves out rows restored from another server's dump, whose transaction numbers
 * mean nothing here. */
#define CHANGED_SINCE(snapshot)                                                                    \
    "changed_xid >= pg_snapshot_xmin(" snapshot ") "                                               \
    "and changed_xid < pg_snapshot_xmax(pg_current_snapshot()) "                                   \
    "and not pg_visible_in_snapshot(changed_xid, " snapshot ")"

#endif
