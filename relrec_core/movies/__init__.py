"""Movies: RecoNet (Fusco et al., IJCAI 2019), a recommender whose reasons add up exactly."""
