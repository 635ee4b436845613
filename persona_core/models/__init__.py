"""Model weights as data: what there is, where it lies, and how it gets there."""

from persona_core.models.catalogue import Catalogue, Entry, File, Kind, ProfileModels, load_catalogue
from persona_core.models.folder import ModelFolder
from persona_core.models.progress import Bars, Report, Silent

__all__ = [
    "Bars",
    "Catalogue",
    "Entry",
    "File",
    "Kind",
    "ModelFolder",
    "ProfileModels",
    "Report",
    "Silent",
    "load_catalogue",
]
