"""The web app, through real requests on a real data folder."""
