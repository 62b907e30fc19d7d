"""What belongs together, a patient or a scene, stays together: in drawn splits, in files, and in draws of labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headstart.data.batches.budgets import label_order
from headstart.data.exchange import FORMATS
from headstart.data.exchange.splits import UNKNOWN, complete_splits
from headstart.data.exchange.transfer import export_folder, import_folder, open_reader
from headstart.data.viewing.findings import findings, summary
from headstart.data.viewing.inspect import inspect
from headstart.errors import ConfigError, DataError
from headstart.folder import read_folder
from headstart.study.config.checks import check_study
from headstart.study.config.study import StudyConfig


def put(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


@pytest.fixture
def patients(tmp_path):
    """40 pictures of 10 patients, two classes, with a table."""
    lines = ["file,label,patient"]
    for number in range(40):
        put(tmp_path / "set" / f"p{number % 10}_{number}.png", number)
        lines.append(f"p{number % 10}_{number}.png,{'ab'[number % 2]},patient {number % 10}")
    (tmp_path / "set" / "labels.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "set"


def sides(groups, splits):
    return {group: {int(split) for split, its in zip(splits, groups, strict=True) if its == group} for group in groups}


rows = st.lists(st.tuples(st.integers(0, 8), st.sampled_from([UNKNOWN, 0, 1, 2])), min_size=1, max_size=60)


@given(rows, st.integers(0, 1000))
def test_no_draw_breaks_a_group(rows, seed):
    keys, told = [str(key) for key, _ in rows], [split for _, split in rows]
    splits = complete_splits(told, keys, seed)
    for key, found in sides(keys, splits).items():
        known = {split for its, split in zip(keys, told, strict=True) if its == key and split != UNKNOWN}
        assert len(found) == 1 or found == known, "only what was told in two splits is in two"
    for split, before in zip(splits.tolist(), told, strict=True):
        assert before in (UNKNOWN, split) or before == 0, "validation and test stay what they are"


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=60, unique=True), st.integers(0, 1000))
def test_three_groups_are_enough_for_three_splits(groups, seed):
    keys = [str(group) for group in groups for _ in range(3)]
    assert set(complete_splits([UNKNOWN] * len(keys), keys, seed).tolist()) == {0, 1, 2}


def test_a_column_of_patients_is_found_and_kept_together(patients, tmp_path):
    reader = open_reader(patients, "table", {})
    assert "split: drawn 10 : 1 : 1 by group" in "; ".join(map(str, reader.account.guesses))
    assert "group: 10 of them (the table has a column of groups)" in map(str, reader.account.guesses)
    manifest = import_folder(patients, tmp_path / "out", form="table")
    assert manifest.groups == tuple(f"patient {number}" for number in range(10))
    tensors = read_folder(tmp_path / "out")[1]
    assert tensors["target.group"].tolist() == [number % 10 for number in range(40)]
    assert all(len(found) == 1 for found in sides(tensors["target.group"].tolist(), tensors["split"]).values())
    assert open_reader(patients, "table", {"group_column": "none"}).targets == ("class",)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_keeps_groups(name, patients, tmp_path):
    import_folder(patients, tmp_path / "once", form="table")
    export_folder(tmp_path / "once", name, tmp_path / "out")
    import_folder(tmp_path / "out", tmp_path / "twice")
    (one, before), (two, after) = read_folder(tmp_path / "once"), read_folder(tmp_path / "twice")
    assert one.groups == two.groups
    assert all(after[key].equal(values) for key, values in before.items())
    assert summary(inspect(tmp_path / "out"))["groups"] == {"count": 10, "across_splits": 0}


def test_told_splits_that_break_a_group_are_told(patients, tmp_path):
    lines = (patients / "labels.csv").read_text().splitlines()
    told = [f"{line},{('train', 'val', 'test')[row % 3]}" for row, line in enumerate(lines[1:])]
    (patients / "labels.csv").write_text("\n".join([f"{lines[0]},split", *told]) + "\n")
    (note,) = open_reader(patients, "table", {}).account.notes
    assert "10 of 10 groups have pictures in more than one split, 'patient 0' among them" in note
    import_folder(patients, tmp_path / "out", form="table")
    for path in (patients, tmp_path / "out"):
        (finding,) = findings(inspect(path))
        assert finding.startswith("10 of 10 groups have pictures in more than one split, 'patient 0' among them: move")
    config = study(patients)
    assert any("'patient 0' among them" in note for note in check_study(config, networks=False))


def test_names_of_files_tell_groups_by_a_pattern(patients):
    (patients / "labels.csv").unlink()
    for pattern in (r"p\d+", r"(p\d+)_\d+"):
        reader = open_reader(patients, "folder", {"group_by": pattern})
        assert reader.manifest.groups == tuple(f"p{number}" for number in range(10))
        assert all(len(found) == 1 for found in sides(reader.beside.values["group"].tolist(), reader.splits).values())
    with pytest.raises(DataError, match=r"`group_by` \('q'\) finds nothing in 'p0_0.png': make it fit every picture"):
        open_reader(patients, "folder", {"group_by": "q"})
    with pytest.raises(ConfigError, match=r"group_by: '\(p' is no regular expression .*: write one such as"):
        open_reader(patients, "folder", {"group_by": "(p"})


def test_a_row_without_a_group_is_refused(patients):
    table = patients / "labels.csv"
    table.write_text(table.read_text().replace("patient 3", " ", 1))
    with pytest.raises(DataError, match=r"labels.csv, row 5 has no group for 'p3_3.png': fill it in"):
        open_reader(patients, "table", {})


members = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=120)


@given(members, st.integers(0, 2**32))
def test_labels_are_drawn_by_whole_groups(members, seed):
    groups, classes = (np.array(values) for values in zip(*members, strict=True))
    order = label_order(classes, np.random.default_rng(seed), groups)
    assert sorted(order) == list(range(len(members)))
    drawn = groups[order]
    assert 1 + np.count_nonzero(np.diff(drawn)) == len(np.unique(groups)), "each group comes in one run"
    for size in range(1, len(members) + 1):
        open_groups = [group for group in np.unique(drawn[:size]) if (drawn[size:] == group).any()]
        assert len(open_groups) <= 1, "all but the last group of a budget are whole"


def study(path, **keys):
    return StudyConfig(
        name="groups",
        dataset={"source": "table", "path": path},
        arms={"rotation": {}},
        pretrain={"steps": 3, "batch_size": 8},
        protocols={"finetune": {"min_steps": 3, "batch_size": 8}},
        budgets=(4, 8),
        **keys,
    )


def test_a_study_draws_labels_by_group_on_demand(patients, tmp_path):
    check_study(study(patients, labels_by="group"), networks=False)
    (patients / "labels.csv").write_text((patients / "labels.csv").read_text().replace("patient\n", "other\n", 1))
    with pytest.raises(
        ConfigError, match="labels_by is group, and dataset 'set' tells no groups: give it group_column"
    ):
        check_study(study(patients, labels_by="group"), networks=False)
