"""The sample year 2022: invented facts, laid out as a county office would hand them in."""
