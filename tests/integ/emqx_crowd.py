# SPDX-License-Identifier: Apache-2.0
"""A crowd of clients for measuring: rows made when asked for, of which none is held.

Row i at look t has the number base + i * by_row + t * by_look in the keys of NUMBERS, and else
what all have. So a test can tell each value beforehand: Crowd.number.
"""

import json

# (base, by_row, by_look): messages are the sum of their qualities of service.
NUMBERS = {
    "recv_msg": (0, 2, 3), "recv_msg.qos0": (0, 1, 2), "recv_msg.qos1": (0, 1, 1),
    "send_msg": (0, 3, 2), "send_msg.qos0": (0, 2, 1), "send_msg.qos1": (0, 1, 1),
    "recv_pkt": (2, 2, 4), "send_pkt": (2, 3, 3), "recv_cnt": (2, 2, 4), "send_cnt": (2, 3, 3),
    "recv_oct": (40, 200, 300), "send_oct": (30, 300, 200), "reductions": (5000, 1, 600),
}


def json_bytes(value):
    """Text that was not UTF-8 once is so again."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode(
        errors="surrogateescape")


def constant(value):
    """As it stands in a template for %."""
    return json_bytes(value).replace(b"%", b"%%")


class Crowd:
    """n connected clients, called by the prefix and six digits, spread over the nodes in blocks.

    row     the keys of a client with what all have in common
    look    how often they were looked at; `grows` is what a look adds, 0 to stand still
    """

    def __init__(self, n, prefix, nodes, row, grows=1):
        self.n, self.prefix, self.nodes, self.row = n, prefix, list(nodes), row
        self.grows, self.look = grows, 0

    def clientid(self, number):
        return f"{self.prefix}{number:06d}"

    def number(self, key, row, look=None):
        base, by_row, by_look = NUMBERS[key]
        return base + row * by_row + (self.look if look is None else look) * by_look

    def numbers_on(self, node):
        """The numbers of the rows on a node."""
        if node not in self.nodes:
            return range(0)
        block, blocks = self.nodes.index(node), len(self.nodes)
        return range(self.n * block // blocks, self.n * (block + 1) // blocks)

    def numbers_of(self, clientids):
        """The numbers of those of these ids that are of the crowd, in their order."""
        ends = (text[len(self.prefix):] for text in clientids if text.startswith(self.prefix))
        numbers = {int(end) for end in ends if end.isascii() and end.isdigit()
                   and f"{int(end):06d}" == end}
        return sorted(number for number in numbers if number < self.n)

    def rows(self, numbers, node, keys):
        """The rows as JSON, with these keys in this order."""
        template = b"{%s}" % b",".join(self._member(key, node) for key in keys)
        columns = [self._column(key, numbers) for key in keys
                   if key in NUMBERS or key == "clientid"]
        if not columns:
            return [template % ()] * len(numbers)
        return list(map(template.__mod__, zip(*columns)))

    def _member(self, key, node):
        if key in NUMBERS:
            return constant(key) + b":%d"
        if key == "clientid":
            return b'"clientid":' + constant(self.prefix)[:-1] + b'%06d"'
        return constant(key) + b":" + constant(node if key == "node" else self.row[key])

    def _column(self, key, numbers):
        if key == "clientid":
            return numbers
        by_row, offset = NUMBERS[key][1], self.number(key, 0)
        return [offset + number * by_row for number in numbers]
