"""Saved views: one's own and shared ones, who may do what to them, and what they hold. (Roles cell by
cell and other organisations: test_control_roles.py.)"""
import uuid

import pytest

from control_client import Person, add_user
from tenants import ROLES, World, make_people


@pytest.fixture(scope="module")
def people(control, installation):
    return make_people(control, installation, "stranger")


@pytest.fixture
def world(installation, people):
    return World(installation, people)


def names(world, who):
    return [v["name"] for v in who.all(world.path + "/views", limit=2)]


def test_a_view_is_its_owner_s_until_it_is_shared(world, people):
    developer, viewer = people["developer"], people["viewer"]
    made = world.make_view(developer, name="Slow ones", page="activity", query="ms=5000&range=7d")
    assert (made["page"], made["query"], made["shared"]) == ("activity", "ms=5000&range=7d", False)
    assert made["owner"]["id"] == developer.session["user"]["id"]
    path = world.path + "/views/" + made["id"]
    assert "Slow ones" in names(world, developer)
    for role in set(ROLES) - {"developer"}:
        assert "Slow ones" not in names(world, people[role])
        # Not even that it is there.
        assert people[role].call("PATCH", path, {"name": "x"})[0] == 404
        assert people[role].call("DELETE", path)[0] == 404
    assert developer.call("PATCH", path, {"shared": True})[1]["shared"] is True
    assert "Slow ones" in names(world, viewer)
    assert viewer.call("PATCH", path, {"name": "x"})[0] == 403
    assert people["admin"].call("PATCH", path, {"shared": False})[0] == 200
    assert "Slow ones" not in names(world, viewer) + names(world, people["admin"])
    assert developer.call("DELETE", path)[0] == 204
    assert "Slow ones" not in names(world, developer)


def test_a_view_keeps_what_it_filters_by(world, people):
    query = "by=source&source=%3Cscript%3E%26b%C3%BCcher.example&range=30d"
    made = world.make_view(people["developer"], page="analytics", query=query)
    assert next(v for v in people["developer"].all(world.path + "/views") if v["id"] == made["id"])["query"] == query


def test_viewers_have_views_and_share_none(world, people):
    viewer = people["viewer"]
    body = {"name": "mine", "page": "activity"}
    status, problem = viewer.call("POST", world.path + "/views", body | {"shared": True})
    assert (status, problem["type"], problem["field"]) == (403, "urn:doteb:problem:role", "shared")
    made = world.make("/views", body, viewer)
    path = world.path + "/views/" + made["id"]
    assert viewer.call("PATCH", path, {"shared": True})[0] == 403
    assert viewer.call("PATCH", path, {"name": "still mine", "shared": False})[0] == 200
    assert viewer.call("DELETE", path)[0] == 204


def test_names_are_an_owner_s_own(world, people):
    developer, admin = people["developer"], people["admin"]
    first = world.make_view(developer, name="Spend")
    world.make_view(admin, name="Spend")
    status, problem = developer.call("POST", world.path + "/views", {"name": "SPEND", "page": "activity"})
    assert (status, problem["field"]) == (409, "name")
    other = world.make_view(developer, name="Other")
    assert developer.call("PATCH", world.path + "/views/" + other["id"], {"name": "spend"})[0] == 409
    assert developer.call("PATCH", world.path + "/views/" + first["id"], {"name": "SPEND"})[0] == 200


def test_nobody_overwrites_what_they_have_not_read(world, people):
    developer = people["developer"]
    made = world.make_view(developer)
    path = world.path + "/views/" + made["id"]
    tag = next(v["etag"] for v in developer.get(world.path + "/views")["items"] if v["id"] == made["id"])
    assert developer.call("PATCH", path, {"query": "by=model"}, {"If-Match": tag})[0] == 200
    assert developer.call("PATCH", path, {"query": "by=user"}, {"If-Match": tag})[0] == 412
    assert developer.call("DELETE", path, headers={"If-Match": tag})[0] == 412


@pytest.mark.parametrize("body,field", [
    ({"page": "activity"}, "name"), ({"name": "", "page": "activity"}, "name"),
    ({"name": "x" * 101, "page": "activity"}, "name"), ({"name": "x"}, "page"),
    ({"name": "x", "page": "overview"}, "page"), ({"name": "x", "page": "activity", "query": "q" * 4001}, "query"),
    ({"name": "x", "page": "activity", "shared": "yes"}, "shared"),
    ({"name": "x", "page": "activity", "owner": "me"}, "owner")])
def test_what_is_no_view_is_refused(world, people, body, field):
    status, problem = people["owner"].call("POST", world.path + "/views", body)
    assert (status, problem["field"]) == (422, field)


def test_a_person_has_at_most_a_hundred(installation, world, people):
    owner, admin = people["owner"], people["admin"]
    have = len([v for v in owner.all(world.path + "/views", limit=200)
                if v["owner"]["id"] == owner.session["user"]["id"]])
    installation.query(
        "insert into saved_views (organisation_id, view_id, owner_id, name, page, query, shared) "
        f"select '{world.org}', gen_random_uuid(), '{owner.session['user']['id']}', 'bulk ' || g, 'activity', '', "
        f"false from generate_series(1, {100 - have}) g")
    status, problem = owner.call("POST", world.path + "/views", {"name": "one more", "page": "activity"})
    assert status == 409 and "100" in problem["detail"]
    world.make_view(admin)


def test_a_member_who_left_leaves_what_was_shared(installation, world, people, control):
    email = f"{uuid.uuid4().hex}@example.com"
    world.join(add_user(installation, email), "developer")
    leaver = Person(control, email)
    world.make_view(leaver, name="for all", shared=True)
    world.make_view(leaver, name="for me")
    assert people["admin"].call("DELETE", f"{world.path}/members/{leaver.session['user']['id']}")[0] == 204
    assert "for all" in names(world, people["viewer"])
    assert "for me" not in names(world, people["owner"])
