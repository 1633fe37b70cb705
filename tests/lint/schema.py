"""Every key of a tenant's table begins with organisation_id, so that tenants can be spread apart."""

import re

import lint

# Tables of the whole instance. A new table has organisation_id or is named here, with a reason.
INSTANCE = {
    "instance": "one row: the instance itself",
    "users": "people belong to several organisations",
    "sessions": "of a person, not of an organisation",
    "idempotent_answers": "of whoever sent the key",
    "outbox": "mail to people",
    "account_tokens": "of people", "second_factors": "of people", "recovery_codes": "of people",
    "passkeys": "of people", "passkey_challenges": "of people",
    "providers": "catalogue", "models": "catalogue", "model_aliases": "catalogue",
    "offers": "catalogue", "offer_prices": "catalogue", "catalogue_imports": "catalogue",
    "offer_overrides": "catalogue", "catalogue_versions": "catalogue", "catalogue_feed": "catalogue",
    "custom_protocols": "what servers of one's own may speak, the same for everybody",
    "config_changes": "what gateways listen to",
    "gateways": "processes", "ledger_watermarks": "of a gateway",
    "schema_migrations": "of the schema itself",
}
# Unique over the instance on purpose.
UNIQUE = {"organisations_operator_key": "one operator"}


def statements(text):
    """SQL statements without comments and without the bodies of functions."""
    text = re.sub(r"--[^\n]*", "", text)
    text = re.sub(r"\$\$.*?\$\$", "''", text, flags=re.DOTALL)
    return [" ".join(s.split()) for s in text.split(";") if s.strip()]


def columns_and_constraints(body):
    parts, depth, part = [], 0, ""
    for c in body:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    return parts + [part.strip()]


def first_column(text):
    return text[text.index("(") + 1:].split(",")[0].strip(" )")


def check_table(path, table, parts, tenants):
    where = f"{path}: table {table}: "
    for part in parts:
        low = part.lower()
        keyed = re.match(r"(?:constraint \w+ )?(primary key|unique|foreign key)\s*\(", low)
        if keyed:
            if keyed.group(1) == "foreign key" and target(low) not in tenants:
                continue
            if first_column(low) != "organisation_id":
                yield where + f"{keyed.group(1)} begins with {first_column(low)}"
            continue
        column = low.split()[0]
        if column == "organisation_id" and table == "organisations":
            continue
        if re.search(r"\b(primary key|unique)\b", low):
            yield where + f"column {column} is unique by itself"
        if " references " in low and target(low) in tenants and column != "organisation_id":
            yield where + f"column {column} refers to {target(low)} without organisation_id"


def target(text):
    match = re.search(r"references (\w+)", text)
    return match.group(1) if match else ""


def check(tree):
    complaints, tables, indexes = [], {}, []
    for path, text in tree.under(["migrations"], [".sql"]):
        for s in statements(text):
            made = re.match(r"create (?:unlogged )?table (?:if not exists )?(\w+) \((.*)\)(?: partition by .*)?$", s, re.I)
            if made:
                tables[made.group(1).lower()] = (path, columns_and_constraints(made.group(2)))
            index = re.match(r"create unique index (?:if not exists )?(\w+) on (\w+) ?\((.*)\)", s, re.I)
            if index:
                indexes.append((path,) + index.groups())
    tenants = {t for t, (_, parts) in tables.items()
               if any(p.lower().startswith("organisation_id ") for p in parts)}
    for table, (path, parts) in tables.items():
        if table in tenants:
            complaints += check_table(path, table, parts, tenants)
        elif table not in INSTANCE:
            complaints.append(f"{path}: table {table}: has no organisation_id and is no table of the instance")
    for path, name, table, columns in indexes:
        if table in tenants and name not in UNIQUE and not columns.startswith("organisation_id"):
            complaints.append(f"{path}: unique index {name}: begins with {columns.split(',')[0]}")
    return complaints


ORG = "create table organisations (organisation_id uuid primary key);\n"


def migration(sql):
    return {"migrations/0001_a.sql": ORG + sql}


SAMPLES = [
    (migration("create table t (organisation_id uuid, t_id uuid, primary key (t_id));"), "begins with t_id"),
    (migration("create table t (organisation_id uuid, t_id uuid primary key);"), "unique by itself"),
    (migration("create table t (organisation_id uuid, a int, unique (a, organisation_id));"), "begins with a"),
    (migration("create table t (organisation_id uuid, a int);\ncreate unique index i on t (a);"), "begins with a"),
    (migration("create table p (organisation_id uuid, p_id int, primary key (organisation_id, p_id));\n"
               "create table t (organisation_id uuid, p_id int, foreign key (p_id) references p);"),
     "begins with p_id"),
    (migration("create table t (a int);"), "no organisation_id"),
    (migration("create table t (organisation_id uuid references organisations, t_id numeric(3,1), -- x, y\n"
               "primary key (organisation_id, t_id)) partition by list (t_id);"), None),
]

if __name__ == "__main__":
    lint.run(check, SAMPLES)
