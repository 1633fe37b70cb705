/* Importing catalogue files into the database: one transaction, a summary at the end. */
#ifndef DOTEB_CONTROL_IMPORT_H
#define DOTEB_CONTROL_IMPORT_H

#include "common/pg.h"
#include "control/catalogue/document.h"
#include "control/store/import_store.h"

struct import_options {
    /* Called before the commit; may be NULL. */
    enum pg_err (*note)(struct pg *pg, const char *file);
    const char *file;
    bool prune;   /* disable offers that the file no longer has, of providers it speaks of */
    bool dry_run; /* roll back at the end */
    int64_t effective_us; /* when changed prices begin to hold, wall time; 0: now */
};

/* Takes the document's rows into the database, inside the caller's transaction. */
MUST_USE enum pg_err import_apply(struct pg *pg, struct document *d, int64_t effective_us,
                                  bool prune, struct import_counts *counts);
/* The same in a transaction of its own. True with the summary in `out` (text for people,
 * refused rows with reasons last); false with the reason in `err`, nothing changed. */
MUST_USE bool import_document(struct pg *pg, struct document *d, const struct import_options *o,
                              struct buf *out, char err[512]);
/* Reads a whole file, at most DECIMAL_JSON_MAX_BYTES, into `out` (initialised here; the caller
 * finishes it). False with the reason. */
MUST_USE bool import_read_file(const char *path, struct buf *out, char err[512]);
/* The *.json files of `dir` and its folders, loaded as one document if they changed since the last
 * time (catalogue_imports). `out` gets a line either way. */
MUST_USE bool import_directory(struct pg *pg, const char *dir, struct buf *out, char err[512]);

#endif
