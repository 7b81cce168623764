"""The processes of the Swift under test; run as a program.

`rings FOLDER PORT...` writes the rings of three nodes (each with an account, a
container and an object server), `serve CONF...` serves every configuration in one
process, so that a node costs one interpreter instead of three.
"""

import sys
from pathlib import Path

import eventlet
import eventlet.wsgi
from swift.common import utils, wsgi
from swift.common.ring import RingBuilder

KINDS = ("account", "container", "object")


def make_rings(folder: str, ports: list[int]) -> None:
    """Write the three rings; ports are those of node 0's three servers, then node 1's and node 2's."""
    nodes = len(ports) // len(KINDS)
    for kind_number, kind in enumerate(KINDS):
        builder = RingBuilder(4, nodes, 0)
        for node in range(nodes):
            port = ports[node * len(KINDS) + kind_number]
            place = {"ip": "127.0.0.1", "port": port, "device": "d1", "region": 1, "zone": node}
            builder.add_dev({"id": node, "weight": 1.0, **place})
        builder.rebalance()
        builder.get_ring().save(str(Path(folder) / f"{kind}.ring.gz"))


def serve(configurations: list[str]) -> None:
    """Serve until killed; says "ready" when every port is open."""
    utils.monkey_patch()
    eventlet.hubs.use_hub(utils.get_hub())
    pool = eventlet.GreenPool()
    for path in configurations:
        app, conf, _, _ = wsgi.init_request_processor(path, Path(path).stem.rpartition("-")[2] + "-server")
        told = {"protocol": wsgi.SwiftHttpProtocol, "capitalize_response_headers": False}
        pool.spawn(eventlet.wsgi.server, wsgi.get_socket(conf), app, wsgi.NullLogger(), **told)
    print("ready", flush=True)
    pool.waitall()


if __name__ == "__main__":
    if sys.argv[1] == "rings":
        make_rings(sys.argv[2], [int(word) for word in sys.argv[3:]])
    else:
        serve(sys.argv[2:])
