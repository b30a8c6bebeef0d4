(** * The words of the further theorems

    Definitions only, after [Network.v]: EP's trajectory at a fixed [beta], one learning rate for each
    layer, and the centred estimator. *)

From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** EP at a fixed [beta] *)

(** [F], [dPhi/dtheta] and the loss gradient are continuous at the points that EP visits. *)
Definition continuous_along_ep (N : network) (beta : R) : Prop := forall t : nat,
  continuous (F N : joint N -> State N) (ep N beta t, theta N) /\
  continuous (Phi_theta N : joint N -> Param N) (ep N beta t, theta N) /\
  continuous (grad_ell N) (ep N beta t).

(** ** One learning rate for each layer *)

(** The projections onto [n] layers; parameters that lie in none of them stay as they are. *)
Definition layers (N : network) (n : nat) (P : nat -> Param N -> Param N) : Prop :=
  forall l, (l < n)%nat -> is_linear (P l) /\ (forall u v, dot_param N (P l u) v = dot_param N u (P l v)) /\
    forall m, (m < n)%nat -> forall v, P l (P m v) = if Nat.eqb l m then P l v else zero.

(** The layers' rates as an operator: [sum_l rate_l P_l]. *)
Definition layer_rates (N : network) (n : nat) (P : nat -> Param N -> Param N) (rate : nat -> R) (v : Param N) : Param N :=
  partial_sum (fun l => scal (rate l : R_AbsRing) (P l v)) n.

(** The second phase, and the normalised updates of the neurons and of layer [l]. *)
Definition per_layer_cep (N : network) n P (beta : R) (eta : nat -> R) (t : nat) : State N * Param N :=
  cep_with_rates N (layer_rates N n P eta) beta 1 t.
Definition per_layer_Delta_state (N : network) n P (t : nat) (beta : R) (eta : nat -> R) : State N :=
  scal (/ beta : R_AbsRing) (minus (fst (per_layer_cep N n P beta eta (1 + t))) (fst (per_layer_cep N n P beta eta t))).
Definition per_layer_Delta_param (N : network) n P (l t : nat) (beta : R) (eta : nat -> R) : Param N :=
  scal (/ eta l : R_AbsRing) (P l (minus (snd (per_layer_cep N n P beta eta (1 + t))) (snd (per_layer_cep N n P beta eta t)))).

(** ** The centred estimator *)

(** [f] is its expansion at [p], linear part [l] and quadratic part [Q], up to third order. *)
Definition has_second_order (U V : NM) (f : U -> V) (p : U) (l Q : U -> V) : Prop :=
  is_linear l /\
  (forall (c : R) h, Q (scal (c : R_AbsRing) h) = scal (c * c : R_AbsRing) (Q h)) /\
  (exists M, 0 <= M /\ forall h h', norm (minus (Q h') (Q h)) <= M * ((norm h + norm h') * norm (minus h' h))) /\
  (exists M, 0 <= M /\ locally p (fun q =>
     norm (minus (minus (f q) (f p)) (plus (l (minus q p)) (Q (minus q p)))) <= M * norm (minus q p) ^ 3)).

(** The second derivatives of [F] and of [dPhi/dtheta] as quadratic maps, and the Hessian of the loss. *)
Definition second_order_at_rest (N : network) DF DPhi_theta QF QPhi (hessian : State N -> State N) : Prop :=
  has_second_order (joint N) (State N) (F N) (s_star N, theta N) DF QF /\
  has_second_order (joint N) (Param N) (Phi_theta N) (s_star N, theta N) DPhi_theta QPhi /\
  is_linear hessian /\
  (exists M, 0 <= M /\ locally (s_star N) (fun s =>
     norm (minus (minus (grad_ell N s) (grad_ell N (s_star N))) (hessian (minus s (s_star N))))
       <= M * (norm (minus s (s_star N)) * norm (minus s (s_star N))))).

(** The mean of the normalised updates with [+ beta] and with [- beta], at the same [eta]. *)
Definition centred_Delta_state (N : network) (t : nat) (beta eta : R) : State N :=
  scal (/ 2 : R_AbsRing) (plus (Delta_state N t beta eta) (Delta_state N t (- beta) eta)).
Definition centred_Delta_param (N : network) (t : nat) (beta eta : R) : Param N :=
  scal (/ 2 : R_AbsRing) (plus (Delta_param N t beta eta) (Delta_param N t (- beta) eta)).
