"""Huey on SQLite, with every commit synced to the disk, as this program does it.

PEER_CONCURRENCY is the number of its worker threads.
"""

import http.client
import json
import logging
import os
import threading
import time
from urllib.parse import urlsplit

from huey import SqliteHuey

jobs = int(os.environ["PEER_JOBS"])
target = urlsplit(os.environ.get("PEER_CALL", ""))
logging.disable(logging.INFO)
huey = SqliteHuey("bench", filename=os.environ["PEER_URL"], fsync=True, results=False)
local = threading.local()
lock = threading.Lock()
done = 0


def call(number):
    """The create call of a post, as the program makes it."""
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection(target.netloc)
    body = json.dumps({
        "author": "urn:li:organization:2000001",
        "commentary": f"Post {number}: our new menu is here, come and taste it",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    })
    local.connection.request("POST", target.path, body, {
        "Authorization": "Bearer bench",
        "Content-Type": "application/json",
        "LinkedIn-Version": "202609",
        "X-Restli-Protocol-Version": "2.0.0",
    })
    answer = local.connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise RuntimeError(f"status {answer.status}")


@huey.task()
def publish(number):
    global done
    if target.netloc:
        call(number)
    with lock:
        done += 1


# All in one transaction: the queue's filling is not measured.
messages = [(huey.name, huey.serialize_task(publish.s(n)), 0) for n in range(1, jobs + 1)]
with huey.storage.db(commit=True) as cursor:
    cursor.executemany("insert into task (queue, data, priority) values (?, ?, ?)", messages)

began = time.monotonic()
consumer = huey.create_consumer(
    workers=int(os.environ["PEER_CONCURRENCY"]), worker_type="thread", periodic=False
)
consumer.start()
while done < jobs:
    time.sleep(0.002)
print(json.dumps({"seconds": time.monotonic() - began}), flush=True)
# Its threads would go on waiting for work.
os._exit(0)
