import pytest
import torch

from headstart.errors import CheckpointError, StoreError
from headstart.training.checkpoint import CHECKPOINT, Checkpointer

CPU = torch.device("cpu")
STATE = {"step": 3, "objective": {"weight": torch.arange(3.0)}, "history": [{"loss": 0.5}]}


class NotData:
    """Something only a pickle can hold."""


def test_round_trip(tmp_path):
    Checkpointer(tmp_path, "key", 0).save(STATE)
    loaded = Checkpointer(tmp_path, "key", 0).load(CPU)
    assert loaded is not None
    assert torch.equal(loaded.pop("objective")["weight"], STATE["objective"]["weight"])
    assert loaded == {"step": 3, "history": [{"loss": 0.5}]}
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_nothing_saved_is_nothing_loaded(tmp_path):
    assert Checkpointer(tmp_path, "key", 0).load(CPU) is None
    assert Checkpointer(None, "key", 0).load(CPU) is None
    assert not Checkpointer(None, "key", 0).due()


def test_another_key_is_refused_with_file_and_both_keys(tmp_path):
    Checkpointer(tmp_path, "width 8", 0).save(STATE)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt belongs to another .*'width 8'.*'width 16'"):
        Checkpointer(tmp_path, "width 16", 0).load(CPU)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-200]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("not a checkpoint"),
        lambda path: torch.save([1, 2], path),
        lambda path: torch.save({"key": "key"}, path),
        lambda path: torch.save({"key": "key", "state": NotData()}, path),
    ],
)
def test_a_damaged_file_is_named_and_never_unpickled(tmp_path, damage):
    keeper = Checkpointer(tmp_path, "key", 0)
    keeper.save(STATE)
    damage(tmp_path / CHECKPOINT)
    with pytest.raises(CheckpointError, match=r"checkpoint\.pt is damaged \(.*\): delete it"):
        keeper.load(CPU)


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    keeper = Checkpointer(tmp_path, "key", 0)
    keeper.save(STATE)

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(StoreError):
        keeper.save({"step": 4})
    monkeypatch.undo()
    loaded = keeper.load(CPU)
    assert loaded is not None
    assert loaded["step"] == 3
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]


def test_due_after_the_given_time(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("headstart.training.checkpoint.time.monotonic", lambda: now[0])
    keeper = Checkpointer(tmp_path, "key", 10)
    assert not keeper.due()
    now[0] = 110.0
    assert keeper.due()
    keeper.save(STATE)
    assert not keeper.due()
