#!/usr/bin/env python3
"""Tintype beside oximg, ipx, thumbor and nginx, in short interleaved rounds.

Each round gives every server the same number of distinct URLs from two closed-loop clients, one server after the
other, so that a slow minute of the machine affects all of them. The figure printed is the median over the rounds of the
ratio to Tintype in the same round, never a ratio of totals. Every URL of a round names a different file (hard links),
so that neither caches nor coalescing play a part; the first round warms up and is not counted. One image of each photo
from each server is then scored by the quality bench: SSIMULACRA2 against a linear-light Lanczos3 reference.

Usage: run.py [--rounds N] [--requests N] [--cells jpeg,webp,png,avif,hit] PHOTO.jpg ...
"""
import argparse, http.client, json, multiprocessing, os, pathlib, shutil, signal, socket, statistics, subprocess, sys
import tempfile, time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = pathlib.Path(os.environ.get("BENCH_TOOLS", ROOT / "target/bench-tools"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """One server under test: how to start it and what its URLs look like."""

    def __init__(self, name, command, env, url):
        self.name, self.port, self.url = name, None, url
        self.command, self.env, self.process = command, env, None

    def start(self, work):
        self.port = free_port()
        command = [str(c).format(port=self.port, admin=free_port(), work=work) for c in self.command]
        env = {**os.environ, **{k: v.format(port=self.port, work=work) for k, v in self.env.items()}}
        log = open(work / f"{self.name}.log", "wb")
        self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True, cwd=work)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit(f"{self.name} does not listen; see {work}/{self.name}.log")

    def stop(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def tree(self):
        """Returns the process and everything it started."""
        found = [str(self.process.pid)]
        for pid in found:
            found += subprocess.run(["pgrep", "-P", pid], capture_output=True, text=True).stdout.split()
        return found

    def cpu(self):
        """Returns the processor time of the tree so far, in seconds."""
        ticks = 0
        for pid in self.tree():
            try:
                fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
                ticks += sum(map(int, fields[11:15]))
            except OSError:
                pass
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self):
        """Returns the summed peak resident memory of the tree in MB; pages shared between its processes count more than once."""
        total = 0
        for pid in self.tree():
            try:
                for line in open(f"/proc/{pid}/status"):
                    if line.startswith("VmHWM"):
                        total += int(line.split()[1])
            except OSError:
                pass
        return total / 1024


def client(port, paths, accept, queue):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    size = 0
    for path in paths:
        connection.request("GET", path, headers={"Accept": accept})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            queue.put(f"{response.status} for {path}: {body[:100]!r}")
            return
        size += len(body)
    queue.put(size)


def load(server, paths, clients=2, accept="image/*"):
    """Returns requests per second and mean bytes of `paths`, shared by closed-loop clients."""
    queue = multiprocessing.Queue()
    shares = [paths[i::clients] for i in range(clients)]
    workers = [multiprocessing.Process(target=client, args=(server.port, s, accept, queue)) for s in shares]
    begin = time.perf_counter()
    for w in workers:
        w.start()
    sizes = [queue.get() for _ in workers]
    elapsed = time.perf_counter() - begin
    for w in workers:
        w.join()
    if bad := [s for s in sizes if isinstance(s, str)]:
        sys.exit(f"{server.name}: {bad[0]}")
    return len(paths) / elapsed, sum(sizes) / len(paths)


def tintype(work):
    (work / "tintype.toml").write_text(f"""
[cache]
memory_bytes_max = "0B"
originals_bytes_max = "0B"
[[source]]
name = "photos"
kind = "folder"
root = "{work}/photos"
""")
    binary = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release/tintype"
    command = [binary, "serve", "--config", f"{work}/tintype.toml", "--listen", "127.0.0.1:{port}",
               "--admin-listen", "127.0.0.1:{admin}"]
    names = {"jpeg": "w=512&h=512&fit=max&fm=jpg&q=80", "webp": "w=512&h=512&fit=max&fm=webp&q=75",
             "png": "w=512&h=512&fit=max&fm=png", "avif": "w=512&h=512&fit=max&fm=avif&q=75"}
    return Server("tintype", command, {}, lambda cell, file: f"/{file}?{names[cell]}")


def oximg(work):
    suffix = {"jpeg": "", "webp": "@webp", "png": ""}
    return Server("oximg", [TOOLS / "bin/oximg"], {"PORT": "{port}", "IMAGES_DIR": "{work}/photos"},
                  lambda cell, file: f"/resize/512/512/{file}{suffix[cell]}")


def ipx(work):
    options = {"jpeg": "f_jpeg,q_80", "webp": "f_webp,q_75", "png": "f_png", "avif": "f_avif,q_60"}
    return Server("ipx", ["node", TOOLS / "ipx/node_modules/ipx/bin/ipx.mjs", "serve", "--dir", "{work}/photos",
                          "--port", "{port}", "--host", "127.0.0.1"], {},
                  lambda cell, file: f"/{options[cell]},s_512x512,fit_inside/{file}")


def thumbor(work):
    (work / "thumbor.conf").write_text(f"""
LOADER = 'thumbor.loaders.file_loader'
FILE_LOADER_ROOT_PATH = '{work}/photos'
STORAGE = 'thumbor.storages.no_storage'
RESULT_STORAGE = None
QUALITY = 80
ALLOW_UNSAFE_URL = True
AVIF_SPEED = 10
""")
    filters = {"jpeg": "format(jpeg):quality(80)", "webp": "format(webp):quality(75)", "png": "format(png)",
               "avif": "format(avif):quality(60)"}
    return Server("thumbor", [TOOLS / "thumbor/bin/thumbor", "-c", "{work}/thumbor.conf", "-p", "{port}", "-i",
                              "127.0.0.1", "--processes", "2"], {},
                  lambda cell, file: f"/unsafe/fit-in/512x512/filters:{filters[cell]}/{file}")


def distinct(server, cell, files, begin, count):
    return [server.url(cell, files[(begin + i) % len(files)]) for i in range(count)]


def compare(cell, servers, files, args):
    rates, sizes, costs = {s.name: [] for s in servers}, {}, {s.name: [] for s in servers}
    for r in range(args.rounds + 1):
        for server in servers[r % len(servers):] + servers[:r % len(servers)]:
            begin = server.cpu()
            rate, size = load(server, distinct(server, cell, files, r * args.requests, args.requests))
            if r:
                costs[server.name].append((server.cpu() - begin) / args.requests * 1000)
                rates[server.name].append(rate)
                sizes.setdefault(server.name, []).append(size)
    own = rates["tintype"]
    for server in servers:
        ratio = statistics.median(o / t for o, t in zip(own, rates[server.name]))
        print(f"| {cell} | {server.name} | {statistics.median(rates[server.name]):.1f} | {ratio:.2f} "
              f"| {statistics.median(costs[server.name]):.1f} | {statistics.mean(sizes[server.name]) / 1000:.1f} | {server.memory():.0f} |", flush=True)


def get(server, path):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", path, headers={"Accept": "image/*"})
    return connection.getresponse().read()


def save(cell, servers, photos, out):
    """Returns one image of each photo from each server: for each server, photos and images in turn."""
    kept = {}
    for server in servers:
        for photo in photos:
            path = out / cell / server.name / photo.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(get(server, server.url(cell, f"0-{photo.name}")))
            kept.setdefault(server.name, []).extend([photo.resolve(), path.resolve()])
    return kept


def quality(pairs):
    """Returns the mean and the lowest SSIMULACRA2 that the quality bench gives for photos and images in turn."""
    command = ["cargo", "bench", "--quiet", "--locked", "--bench", "quality", "--", *map(str, pairs)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        return f"not scored: {done.stderr.strip().splitlines()[-1:]}"
    return done.stdout.strip().splitlines()[-1]


def scores(kept):
    print("\nSSIMULACRA2")
    for cell, servers in kept.items():
        for server, pairs in servers.items():
            print(f"* {cell}, {server}: {quality(pairs)}", flush=True)


def nearest_hit(own, files):
    """Returns the photo whose rendition comes closest to the 27 kB of the aim."""
    urls = [own.url("jpeg", file) for file in files]
    return min(urls, key=lambda url: abs(len(get(own, url)) - 27_000))


def memory_hit(work, seconds):
    """Compares a rendition of about 27 kB from memory with nginx serving the same bytes as a file, using wrk."""
    own = tintype(work)
    config = (work / "tintype.toml").read_text().replace('memory_bytes_max = "0B"', 'memory_bytes_max = "64MiB"')
    (work / "tintype.toml").write_text(config)
    own.start(work)
    path = nearest_hit(own, sorted(f for f in os.listdir(work / "photos") if f.startswith("0-")))
    body = get(own, path)
    (work / "www").mkdir(exist_ok=True)
    (work / "www/hit.jpg").write_bytes(body)
    port = free_port()
    (work / "nginx.conf").write_text(f"""
daemon off; worker_processes 2; pid {work}/nginx.pid; error_log {work}/nginx.err;
events {{ worker_connections 512; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;
  types {{ image/jpeg jpg; }}
  server {{ listen 127.0.0.1:{port}; root {work}/www; }} }}
""")
    nginx = subprocess.Popen(["nginx", "-c", f"{work}/nginx.conf", "-p", str(work)], start_new_session=True)
    time.sleep(0.5)

    def wrk(url):
        out = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", url], capture_output=True, text=True).stdout
        return float(next(l for l in out.splitlines() if l.startswith("Requests/sec")).split()[1])

    pairs = [(wrk(f"http://127.0.0.1:{own.port}{path}"), wrk(f"http://127.0.0.1:{port}/hit.jpg")) for _ in range(7)][1:]
    print(f"| hit, {len(body) / 1000:.1f} kB | tintype | {statistics.median(a for a, _ in pairs):.0f} | 1.00 |")
    print(f"| hit | nginx | {statistics.median(b for _, b in pairs):.0f} "
          f"| {statistics.median(a / b for a, b in pairs):.2f} |", flush=True)
    own.stop()
    os.killpg(nginx.pid, signal.SIGKILL)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--requests", type=int, default=24)
    parser.add_argument("--cells", default="jpeg,webp,png,avif,hit")
    parser.add_argument("--keep", help="folder for the scored images, so that you can look at them")
    parser.add_argument("--no-scores", action="store_true", help="speed and sizes only")
    parser.add_argument("photos", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="side-by-side-"))
    (work / "photos").mkdir()
    files = []
    for copy in range(max(1, args.requests * (args.rounds + 2) // len(args.photos) + 1)):
        for photo in args.photos:
            name = f"{copy}-{photo.name}"
            shutil.copyfile(photo, work / "photos" / name) if copy == 0 else os.link(
                work / "photos" / f"0-{photo.name}", work / "photos" / name)
            files.append(name)
    kept = {}
    peers = {"jpeg": [oximg, ipx, thumbor], "webp": [oximg, ipx, thumbor], "png": [oximg, ipx, thumbor],
             "avif": [ipx, thumbor]}
    print("| cell | server | req/s | tintype / it | CPU ms a request | mean kB | peak MB |\n|---|---|---|---|---|---|---|")
    try:
        for cell in [c for c in args.cells.split(",") if c in peers]:
            wanted = [f for f in files if f.endswith(".png") == (cell == "png")]
            if not wanted:
                continue
            servers = [make(work) for make in [tintype, *peers[cell]]]
            try:
                for server in servers:
                    server.start(work)
                compare(cell, servers, wanted, args)
                photos = [p for p in args.photos if (p.suffix == ".png") == (cell == "png")]
                kept[cell] = save(cell, servers, photos, pathlib.Path(args.keep or work / "kept"))
            finally:
                for server in servers:
                    server.stop()
        if "hit" in args.cells:
            memory_hit(work, 3)
        if not args.no_scores:
            scores(kept)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
