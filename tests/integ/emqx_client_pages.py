# SPDX-License-Identifier: Apache-2.0
"""What a simulated EMQX answers about its clients: pages of the list, and one by its id.

Parameters by release; unknown ones are ignored, and so are some that a broker knows: clean_start,
proto_ver, ip_address and those of times.
"""

import json
from typing import NamedTuple

from emqx_clients import KEYS, PLACE, object_json
from emqx_json import FLAT, Refused, Route, invalid

# Sent without being asked for, yet refused where one asks for them.
NOT_FOR_FIELDS = ("auth_expire_at", "disconn_props", "enable_authn", "is_persistent", "listener",
                  "peersni")
# Of sessions in durable storage.
DURABLE_KEYS = ("n_streams", "seqno_q1_comm", "seqno_q1_dup", "seqno_q1_next", "seqno_q2_comm",
                "seqno_q2_dup", "seqno_q2_rec", "seqno_q2_next")
FIELDS = (set(KEYS) | set(DURABLE_KEYS)) - set(NOT_FOR_FIELDS)
# Above, a map of Erlang is without order.
ORDERED_KEYS = 32
STATES = ("connected", "idle", "disconnected")


class Part(NamedTuple):
    """Rows on one node that stand together in the list."""

    rows: object
    # Called with some of the rows and the keys that are wanted.
    told: object


def one(rest, clientid):
    rest.wait("seconds")
    clients, nodes = rest.clients, rest.members.reachable
    with clients.lock:
        row = clients.found(clientid, nodes)
        if row:
            return object_json(row.keys)
        for node in nodes if clients.crowded else ():
            numbers = own(clients.crowded.numbers_of([clientid]), clients.crowded.numbers_on(node))
            if numbers:
                looked_at(clients)
                return clients.crowded.rows(numbers, node, crowd_keys(clients))[0]
    raise Refused(404, "CLIENTID_NOT_FOUND" if rest.version > (5, 0, 0) else "RESOURCE_NOT_FOUND",
                  "Client ID not found")


def listed(rest):
    """A page. A fuzzy question is not counted, and before 5.0.15 nobody told what comes next."""
    page, limit = rest.page_asked()
    keys, nodes, wanted = keys_asked(rest), nodes_asked(rest), Wanted(rest)
    clients = rest.clients
    body = clients.on_page and clients.on_page(page)
    if isinstance(body, bytes):
        return body
    with clients.lock:
        if page == 1:
            looked_at(clients)
        parts = parts_of(clients, nodes, wanted)
        first = 0 if clients.endless else (page - 1) * limit
        rows = told(parts, first, limit, keys)
        count = sum(len(part.rows) for part in parts)
        has_next = clients.endless or (count >= first + limit if clients.full_page_has_next
                                       else count > first + limit)
    meta = {"count": count, "hasnext": has_next, "limit": limit, "page": page}
    if wanted.is_fuzzy:
        del meta["count"]
    if rest.version < (5, 0, 15):
        del meta["hasnext"]
    return b'{"data":[%s],"meta":%s}' % (b",".join(rows), json.dumps(meta, **FLAT).encode())


ROUTES = (
    Route("clients", "connections", listed),
    Route("clients/{clientid}", "connections", one),
)


# What is asked

def keys_asked(rest):
    """None for all."""
    given = rest.query.get("fields", "all")
    if rest.version < (5, 6) or given == "all":
        return None
    names = [name for name in given.split(",") if name]
    for place, name in enumerate(names, 1):
        if name not in FIELDS:
            raise no_field(names, place)
    few = len(set(names)) <= ORDERED_KEYS
    return sorted(set(names), key=None if few else lambda name: PLACE.get(name, len(PLACE)))


def no_field(names, place):
    """Neither a list of keys nor `all`. A word that a broker knows is told from one that it does
    not."""
    name = names[place - 1]
    reason = ("not_a_enum_symbol" if name in NOT_FOR_FIELDS
              else "unable_to_convert_to_enum_symbol")
    kind = {"kind": "validation_error"}
    mismatches = {"array": {"value": name, "reason": reason, "path": f"fields.{place}", **kind},
                  "all": {"value": names, "reason": {"expected": "all"}, "path": "fields", **kind}}
    return Refused(400, "BAD_REQUEST", json.dumps(
        {"reason": "matched_no_union_member", "path": "fields", "mismatches": mismatches, **kind},
        **FLAT))


def nodes_asked(rest):
    """One that cannot answer fails the whole question."""
    members, node = rest.members, rest.query.get("node")
    if node is None:
        nodes = members.running
    elif node in members.nodes:
        nodes = [node]
    else:
        raise Refused(500, "NODE_DOWN", f'bad rpc call <<"{node}">>, Reason <<"invalid node">>')
    if node in members.stopped:
        raise Refused(500, "NODE_DOWN", f"bad rpc call '{node}', Reason nodedown")
    for hung in (node for node in nodes if node in members.hung):
        rest.wait("nodes_seconds")
        raise Refused(500, "NODE_DOWN", f"bad rpc call '{hung}', Reason timeout")
    return nodes


class Wanted:
    """Which rows a question is about."""

    def __init__(self, rest):
        self.clientids, self.usernames = self._any_of(rest, "clientid"), self._any_of(
            rest, "username")
        self.like_clientid = rest.query.get("like_clientid")
        self.like_username = rest.query.get("like_username")
        self.state = rest.query.get("conn_state")
        if self.state not in (None, *STATES):
            raise invalid("conn_state", self.state, "unable_to_convert_to_enum_symbol")

    @staticmethod
    def _any_of(rest, name):
        """From 5.6 on a parameter may come again, before the last one won; None without any."""
        given = [value for key, value in rest.asked if key == name]
        return set(given if rest.version >= (5, 6) else given[-1:]) or None

    @property
    def is_fuzzy(self):
        return self.like_clientid is not None or self.like_username is not None

    def takes_row(self, row):
        hidden = row.is_hidden if self.clientids is None else row.is_hidden_from_filters
        return not hidden and self._takes(row.clientid, row.keys.get("username"),
                                          row.keys.get("connected"))

    def numbers(self, crowd, node):
        """Those of the crowd's rows on the node."""
        numbers = crowd.numbers_on(node)
        if not self._takes_username(crowd.row["username"]) or self.state not in (None, "connected"):
            return range(0)
        if self.clientids is not None:
            numbers = own(crowd.numbers_of(self.clientids), numbers)
        if self.like_clientid is not None:
            numbers = [number for number in numbers
                       if self.like_clientid in crowd.clientid(number)]
        return numbers

    def _takes(self, clientid, username, connected):
        return ((self.clientids is None or clientid in self.clientids)
                and (self.like_clientid is None or self.like_clientid in clientid)
                and self._takes_username(username)
                and self.state in (None, "connected" if connected else "disconnected"))

    def _takes_username(self, username):
        return ((self.usernames is None or username in self.usernames)
                and (self.like_username is None or self.like_username in (username or "")))


# What is told

def parts_of(clients, nodes, wanted):
    """By node, and there the crowd after the others."""
    parts, crowd = [], clients.crowded
    for node in nodes:
        parts.append(Part(list(filter(wanted.takes_row, clients.rows_on(node))),
                          lambda rows, keys: [object_json(row.keys, keys) for row in rows]))
        if crowd:
            parts.append(Part(wanted.numbers(crowd, node),
                              lambda numbers, keys, node=node: crowd.rows(
                                  numbers, node, crowd_keys(clients, keys))))
    return parts


def told(parts, first, limit, keys):
    rows = []
    for part in parts:
        rows += part.told(part.rows[first:first + limit - len(rows)], keys)
        first = max(first - len(part.rows), 0)
    return rows


def crowd_keys(clients, keys=None):
    wanted = KEYS if keys is None else keys
    return [key for key in wanted if key in clients.crowded.row]


def own(numbers, block):
    return [number for number in numbers if number in block]


def looked_at(clients):
    if clients.crowded:
        clients.crowded.look += clients.crowded.grows
