"""What this machine is and how fast it is, measured, not looked up."""

import os
import platform
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch

from naepo.config import UserError


def choose_device(name: str | None = None) -> torch.device:
    """Give the device to train on: the one named, else CUDA, else Apple's, else the CPU.

    Raises: UserError for a device that is not here.
    """
    if name is not None:
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError, NotImplementedError):
            raise UserError(
                f"no such device here: {name}", hint="--device cpu, or leave it out"
            ) from None
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Give what a reader of a figure must know of the machine behind it."""
    return {
        "processor": processor_name(),
        "cores": n_cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def processor_name() -> str:
    """Give the processor's own name for itself, or its family where it has none."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def n_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def matrix_speed(device: torch.device, precision: str, seconds: float = 0.15) -> float:
    """Measure matrix products of a small model's size, in floating-point operations a second."""
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    n, d_in, d_out = (2048, 256, 1024) if device.type == "cpu" else (8192, 2048, 8192)
    x = torch.randn(n, d_in, device=device, dtype=dtype)
    weight = torch.randn(d_out, d_in, device=device, dtype=dtype)
    best = float("inf")
    began = time.perf_counter()
    with torch.inference_mode():
        while time.perf_counter() - began < seconds:
            once = time.perf_counter()
            torch.nn.functional.linear(x, weight)
            synchronise(device)
            best = min(best, time.perf_counter() - once)
    return 2 * n * d_in * d_out / best


def synchronise(device: torch.device) -> None:
    """Wait until the device has done all it was given, so that a clock may be read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_memory_bytes(device: torch.device) -> int:
    """Give the most memory this process has held at once: the device's, or the host's on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
