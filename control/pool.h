/* Job threads: each has a database connection and runs jobs one after the other as plain
 * synchronous code. The queue is bounded. Heavy jobs (password hashing: a quarter of a gigabyte
 * each) run one at a time, jobs that wait for somebody outside on half of the threads at most, and
 * only some of either may wait, so that they cannot starve the rest.
 */
#ifndef DOTEB_CONTROL_POOL_H
#define DOTEB_CONTROL_POOL_H

#include "common/pg.h"

struct pool;

enum job_kind { JOB_PLAIN, JOB_HEAVY, JOB_OUTSIDE, JOB_KINDS };

struct job {
    struct job *next;
    enum job_kind kind;
    /* `pg` is NULL if the database cannot be reached; `why` says so. */
    void (*run)(struct job *job, struct pg *pg, const char *why);
};

struct pool_options {
    int64_t threads, queue_max;
    const char *database_url;
};

/* Returns owned; starts the threads. */
struct pool *pool_new(const struct pool_options *o);
/* False if the queue is full: the job was not taken. */
MUST_USE bool pool_add(struct pool *p, struct job *job);
/* Ends the threads after the jobs they are at; jobs still queued are not run but handed to
 * `dropped`. Frees all. */
void pool_free(struct pool *p, void (*dropped)(struct job *job));

#endif
