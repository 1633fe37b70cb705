/* SQL of the operator's view of the catalogue: offers with what the catalogue says and what was
 * laid over it, and the switches of models. The item_fns do not look at the organisation: the
 * catalogue is the instance's.
 */
#ifndef DOTEB_CONTROL_OFFER_OVERRIDE_STORE_H
#define DOTEB_CONTROL_OFFER_OVERRIDE_STORE_H

#include "common/pg.h"

enum offer_only { OFFER_ALL, OFFER_OVERRIDDEN, OFFER_OFF };

struct offer_filter {
    struct str q, provider; /* NULL p: any */
    enum offer_only only;
    struct str model, place; /* to go on after; NULL p: from the start */
    int64_t limit;
};

/* Columns: the item's JSON, the model's slug, the place among the model's offers. */
MUST_USE enum pg_err offer_override_store_list(struct pg *pg, const struct offer_filter *f,
                                               struct pg_result **out);
MUST_USE enum pg_err offer_override_store_get(struct pg *pg, struct uuid organisation,
                                              struct uuid offer, struct pg_result **out);

struct offer_override {
    bool set_enabled, set_prices;
    const bool *enabled; /* NULL: what the catalogue says */
    struct str prices;   /* JSON; NULL p: what the catalogue says */
};

/* Lays it over what the catalogue says. A price that stays as it is keeps the time it began. */
MUST_USE enum pg_err offer_override_store_put(struct pg *pg, struct uuid offer,
                                              const struct offer_override *o);

/* Columns: the item's JSON, the slug. */
MUST_USE enum pg_err offer_override_store_models(struct pg *pg, struct str q, struct str after,
                                                 int64_t limit, struct pg_result **out);
MUST_USE enum pg_err offer_override_store_model(struct pg *pg, struct uuid organisation,
                                                struct uuid model, struct pg_result **out);
MUST_USE enum pg_err offer_override_store_switch(struct pg *pg, struct uuid model, bool enabled);

#endif
