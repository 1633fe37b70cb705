/* The verbs of the command line. Each takes the words after the verb and returns the exit code:
 * 0 done, 1 it failed (the reason is on stderr), 2 wrong use.
 */
#ifndef DOTEB_CONTROL_COMMANDS_H
#define DOTEB_CONTROL_COMMANDS_H

#include "control/app.h"

int cmd_serve(struct app *app, int argc, char *const *argv);
int cmd_migrate(struct app *app, int argc, char *const *argv);
int cmd_admin_create(struct app *app, int argc, char *const *argv);
int cmd_admin_recover(struct app *app, int argc, char *const *argv);
int cmd_master_key_rotate(struct app *app, int argc, char *const *argv);
int cmd_provider_key_add(struct app *app, int argc, char *const *argv);
int cmd_catalogue_sign(struct app *app, int argc, char *const *argv);
int cmd_catalogue_import(struct app *app, int argc, char *const *argv);
int cmd_mail_test(struct app *app, int argc, char *const *argv);
int cmd_key_create(struct app *app, int argc, char *const *argv);

#endif
