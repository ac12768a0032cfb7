"""Movies by experts: did content, the viewer, the film or taste decide (Afchar 2020, 4.2)?"""
