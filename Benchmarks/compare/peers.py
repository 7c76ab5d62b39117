"""llama.cpp beside Monocle: programs built from its source package on PyPI for this processor, and GGUF files of random weights."""

import os
import pathlib
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent


def call(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, **options)


class Peers:
    """What is kept in a work folder."""

    def __init__(self, work, version):
        self.work = work.resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        self.version = version
        self.python = self.work / "venv/bin/python"
        if not self.python.exists():
            call(sys.executable, "-m", "venv", self.work / "venv")
            call(self.python, "-m", "pip", "install", "--quiet", "cmake", "ninja", "gguf", "numpy")

    def program(self, name, jobs=None):
        """llama-bench or llama-server."""
        program = self.work / "build/bin" / name
        if not program.exists():
            source = self.work / f"llama_cpp_python-{self.version}"
            if not source.exists():
                call(self.python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "llama-cpp-python",
                     f"llama-cpp-python=={self.version}", "-d", self.work)
                with tarfile.open(f"{source}.tar.gz") as archive:
                    archive.extractall(self.work, filter="data")
            environment = dict(os.environ, PATH=f"{self.work / 'venv/bin'}:{os.environ['PATH']}")
            off = ("CURL", "OPENSSL", "USE_PREBUILT_UI", "BUILD_TESTS", "BUILD_EXAMPLES")
            switches = ["-DLLAMA_BUILD_SERVER=ON", *(f"-DLLAMA_{name}=OFF" for name in off)]
            call("cmake", "-G", "Ninja", "-S", source / "vendor/llama.cpp", "-B", self.work / "build",
                 "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", *switches, env=environment)
            bound = ["-j", jobs] if jobs else []
            call("nice", "-n", "5", "ninja", "-C", self.work / "build", *bound, name, env=environment)
        return program

    def models(self, folder, types):
        """A file of each type with the decoder shapes and the tokenizer of the folder."""
        models = {}
        for kind in types.split(","):
            models[kind] = self.work / f"{pathlib.Path(folder).name}-{kind}.gguf"
            if not models[kind].exists():
                print(f"writing {models[kind]}", file=sys.stderr)
                call(self.python, HERE / "random_gguf.py", folder, kind, models[kind])
        return models
