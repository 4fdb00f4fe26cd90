// The page of the browser tests. `data-ready` tells a test that the module has run.

document.documentElement.dataset['ready'] = 'true';
