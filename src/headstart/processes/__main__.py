"""Where a child process begins, which `headstart.processes.child` starts by the path of this file.

Nothing but the standard library is imported before the parent has told where modules lie.
"""

import signal
import sys
from multiprocessing.connection import Connection

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears of interrupts, too, and ends this process
    connection = Connection(int(sys.argv[1]))
    sys.path[:] = connection.recv()

    from headstart.processes.child import serve

    serve(connection)
