"""Finding our package where somebody else has a `sandbox`: whose it is, and ours under another name."""

import importlib
import sys
from importlib.machinery import PathFinder
from types import ModuleType

import pytest

import sandbox
from wexio_sandbox_pytest import ours


@pytest.fixture
def courtesy():
    return ours.Courtesy()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder at the end of the path."""
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.path.append(sys.path.pop(0))
    return tmp_path


def test_where_there_is_only_ours_it_has_its_own_name(courtesy):
    assert courtesy.find_spec("sandbox") is None
    assert courtesy.find_spec("sandbox.core") is None
    assert ours.package() is sandbox
    assert ours.package("core.model").Event is sandbox.Event


def test_another_package_is_found_before_ours_wherever_it_is(courtesy, elsewhere):
    (elsewhere / "sandbox").mkdir()
    (elsewhere / "sandbox" / "__init__.py").touch()
    assert courtesy.find_spec("sandbox").origin == str(elsewhere / "sandbox" / "__init__.py")


def test_the_modules_of_a_folder_are_found_beside_ours(courtesy, elsewhere):
    (elsewhere / "sandbox").mkdir()
    (elsewhere / "sandbox" / "tools.py").touch()
    spec = courtesy.find_spec("sandbox")
    assert spec.origin == sandbox.__file__
    assert PathFinder.find_spec("sandbox.tools", spec.submodule_search_locations).origin == str(
        elsewhere / "sandbox" / "tools.py"
    )


def test_a_folder_with_a_module_called_as_one_of_ours_is_theirs_alone(courtesy, elsewhere):
    (elsewhere / "sandbox").mkdir()
    (elsewhere / "sandbox" / "engine.py").touch()
    spec = courtesy.find_spec("sandbox")
    assert (spec.origin, [*spec.submodule_search_locations]) == (None, [str(elsewhere / "sandbox")])


def test_a_folder_of_other_things_is_passed_over(courtesy, elsewhere):
    (elsewhere / "sandbox" / "data").mkdir(parents=True)
    (elsewhere / "sandbox" / "notes.txt").touch()
    assert courtesy.find_spec("sandbox") is None


@pytest.fixture
def taken(monkeypatch):
    """Another package has our name."""
    theirs = ModuleType("sandbox")
    for name in [name for name in sys.modules if name.partition(".")[0] == "sandbox"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sandbox", theirs)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    yield theirs
    for name in [name for name in sys.modules if name.partition(".")[0] == ours.PRIVATE]:
        del sys.modules[name]


def test_where_the_name_is_taken_ours_is_loaded_under_another(taken):
    mine = ours.package()
    assert (mine.__name__, mine.__file__) == (ours.PRIVATE, sandbox.__file__)
    built = mine.build_request(secret="whsec_x")
    assert type(built).__module__ == f"{ours.PRIVATE}.requests"
    assert ours.package() is mine
    assert sys.modules["sandbox"] is taken
    assert not [name for name in sys.modules if name.startswith("sandbox.")]


def test_under_the_other_name_too_what_is_not_there_is_not_found(taken):
    ours.package()
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{ours.PRIVATE}.nothing")


def test_once_under_another_name_it_stays_there(taken, monkeypatch):
    mine = ours.package()
    monkeypatch.delitem(sys.modules, "sandbox")
    assert ours.package() is mine


@pytest.mark.parametrize("name", ["build_request", "Bearer", "AsyncWexioSandbox", "RequestBuilder"])
def test_public_names_can_be_had_from_the_plugin(name):
    import wexio_sandbox_pytest

    assert getattr(wexio_sandbox_pytest, name).__name__ in {name, "WexioSandbox"}


@pytest.mark.parametrize("name", ["pytest_plugins", "_private", "nothing"])
def test_other_names_cannot(name):
    import wexio_sandbox_pytest

    with pytest.raises(AttributeError, match=name):
        getattr(wexio_sandbox_pytest, name)
