/* SQL of sessions, found by the SHA-256 of their token. */
#ifndef DOTEB_CONTROL_SESSION_STORE_H
#define DOTEB_CONTROL_SESSION_STORE_H

#include "common/pg.h"
#include "common/uuid.h"
#include "control/store/place.h"

/* Who calls. */
struct session {
    struct uuid user;
    bool is_operator;
    uint8_t hash[32]; /* of the cookie's token */
    char csrf[64];
};

struct session_new {
    const struct session *session;
    const uint8_t *replaces; /* 32 bytes: hash of a session to end with it */
    int64_t expires_us;      /* wall time */
    const char *ip;          /* NULL: unknown */
    struct str user_agent;
    bool half; /* the second factor is still due: it opens nothing but that step */
};

/* By s->hash: fills the rest. Expired, revoked and disabled users' sessions are not found. */
MUST_USE enum pg_err session_store_find(struct pg *pg, struct session *s, bool *found);
MUST_USE enum pg_err session_store_add(struct pg *pg, const struct session_new *s);
/* The session of the hash `old` has that of `s` from now on; `*left_s` until it ends. */
MUST_USE enum pg_err session_store_renew(struct pg *pg, const uint8_t old[32],
                                         const struct session *s, int64_t *left_s);
/* A half session by s->hash: fills the user. */
MUST_USE enum pg_err session_store_find_half(struct pg *pg, struct session *s, bool *found);
MUST_USE enum pg_err session_store_revoke(struct pg *pg, const struct session *s);
/* One by its id, if it is the user's and still works: `*found`. */
MUST_USE enum pg_err session_store_revoke_id(struct pg *pg, struct uuid user, struct uuid id,
                                             bool *found);
/* All of the user's, half ones too, but `keep` (may be NULL); how many. */
MUST_USE enum pg_err session_store_revoke_all(struct pg *pg, struct uuid user,
                                              const struct session *keep, int64_t *ended);
/* Those that work, the newest seen first, as JSON objects in column 0; at most 200. */
MUST_USE enum pg_err session_store_list(struct pg *pg, const struct session *s,
                                        struct pg_result **out);
/* Of pairs (an array of hashes in hex, and one of organisations, both as text) the numbers, from 1,
 * of those whose session has ended or whose person is no member there any more. */
MUST_USE enum pg_err session_store_shut(struct pg *pg, struct str hashes, struct str organisations,
                                        struct pg_result **out);
enum { SESSION_ORGANISATIONS = 200, SESSION_PROJECTS = 200 /* that a session shows, at most */ };

/* The session object of the API as JSON text: user and organisations with their projects (not yet
 * csrf_token and what else is not in the database). `organisation` (zero: none) is among them if
 * the person is a member, however many there are. */
MUST_USE enum pg_err session_store_view(struct pg *pg, struct uuid user, struct uuid organisation,
                                        struct pg_result **out);
enum {
    SESSION_VIEW_USER,
    SESSION_VIEW_ORGANISATIONS,
    SESSION_VIEW_COUNT, /* of all their organisations */
    SESSION_VIEW_ANNOUNCEMENT,
};

struct session_organisations {
    struct uuid user;
    struct str q; /* part of the name; NULL p: any */
    struct place after;
    int64_t limit;
};

/* The person's organisations, newest membership first. Columns: the item's JSON, since when in us,
 * id. */
MUST_USE enum pg_err session_store_organisations(struct pg *pg,
                                                 const struct session_organisations *f,
                                                 struct pg_result **out);

#endif
