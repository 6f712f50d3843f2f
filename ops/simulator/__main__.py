import os

from ops.simulator.server import Server, application
from ops.simulator.settings import read

if __name__ == "__main__":
    settings = read(os.environ)
    print(f"Chat platforms: http://127.0.0.1:{settings.port}", flush=True)
    Server(settings, application(settings)).run()
