"""How closely exports follow the classifier, and how fast they are."""
