"""The persona: who she is, how she hears, thinks and speaks. Knows neither Discord nor sound cards."""
