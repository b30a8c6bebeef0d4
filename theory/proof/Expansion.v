(** * The words of the error bounds that say something at the paper's [K]

    Definitions only.  [error_bound] bounds the distance to minus the gradient by constants that are
    squared at every step.  Here the second phase is compared with its expansion at rest, to second
    order in the state; what is left over is bounded by numbers that are multiplied, not squared,
    from step to step.

    Notation.  [h = |beta|], [k = |eta / beta|], [g = grad ell(s_star)], [J = dF/ds],
    [B = dF/dtheta], [C = d2Phi/(dtheta ds)], all at rest. *)

From Coq Require Import Reals.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Spaces Dynamics Network Vocabulary.
Set Implicit Arguments.
Open Scope R_scope.

(** ** What is known of a network in a neighbourhood of rest *)

(** Half the second derivatives of [F] and [Phi_theta] in the state, and the derivative of the
    loss gradient, all at rest. *)
Record curvature (N : network) : Type := Curvature {
  half_F_ss : State N -> State N -> State N;
  half_Phi_theta_ss : State N -> State N -> Param N;
  ell_ss : State N -> State N }.

(** Norms of the derivatives at rest, and what bounds the remainders of third order in the
    neighbourhood [|s - s_star| <= radius_state], [|theta' - theta| <= radius_param]. *)
Record expansion_data : Type := ExpansionData {
  size_J : R;          (* of dF/ds *)
  size_B : R;          (* of dF/dtheta *)
  size_C : R;          (* of d2Phi/(dtheta ds) *)
  size_Q : R;          (* of half_F_ss *)
  size_T : R;          (* of half_Phi_theta_ss *)
  size_H : R;          (* of ell_ss *)
  cubic_F : R;         (* half the largest |d3F/ds3| nearby *)
  mixed_F : R;         (* the largest |d2F/(ds dtheta)| nearby *)
  cubic_Phi : R;       (* half the largest |d3 Phi_theta/ds3| nearby *)
  mixed_Phi : R;       (* the largest |d2 Phi_theta/(ds dtheta)| nearby; 0 if Phi is affine in theta *)
  cubic_ell : R;       (* the largest |d3 ell/ds3| nearby; 0 for the squared error *)
  radius_state : R;
  radius_param : R }.

Definition sizes_nonnegative (d : expansion_data) : Prop :=
  0 <= size_J d /\ 0 <= size_B d /\ 0 <= size_C d /\ 0 <= size_Q d /\ 0 <= size_T d /\ 0 <= size_H d /\
  0 <= cubic_F d /\ 0 <= mixed_F d /\ 0 <= cubic_Phi d /\ 0 <= mixed_Phi d /\ 0 <= cubic_ell d.

Definition bilinear {U V W : NM} (f : U -> V -> W) : Prop :=
  (forall x, is_linear (f x)) /\ (forall y, is_linear (fun x => f x y)).

(** The expansion of increments: from [s] to [s'] the function [F] moves by its linear part at
    rest and by [half_F_ss ((s - s_star) + (s' - s_star)) (s' - s)], up to the remainder.  For a
    function with three derivatives this is Taylor's theorem. *)
Definition expands (N : network) (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N)
  (X : curvature N) (d : expansion_data) : Prop :=
  let a s := minus s (s_star N) in let v th := minus th (theta N) in
  (forall x, norm (dF_ds DF x) <= size_J d * norm x) /\
  (forall y, norm (dF_dtheta DF y) <= size_B d * norm y) /\
  (forall x, norm (dPhi_theta_ds DPhi_theta x) <= size_C d * norm x) /\
  (bilinear (half_F_ss X) /\ forall x y, norm (half_F_ss X x y) <= size_Q d * norm x * norm y) /\
  (bilinear (half_Phi_theta_ss X) /\ forall x y, norm (half_Phi_theta_ss X x y) <= size_T d * norm x * norm y) /\
  (is_linear (ell_ss X) /\ forall x, norm (ell_ss X x) <= size_H d * norm x) /\
  forall (s s' : State N) (th th' : Param N) (m n : R), m <= radius_state d -> n <= radius_param d ->
    norm (a s) <= m -> norm (a s') <= m -> norm (v th) <= n -> norm (v th') <= n ->
    norm (minus (minus (F N (s', th')) (F N (s, th)))
                (plus (DF (minus s' s, minus th' th)) (half_F_ss X (plus (a s) (a s')) (minus s' s))))
      <= (cubic_F d * m ^ 2 + mixed_F d * n) * norm (minus s' s) + mixed_F d * m * norm (minus th' th) /\
    norm (minus (minus (Phi_theta N (s', th)) (Phi_theta N (s, th)))
                (plus (dPhi_theta_ds DPhi_theta (minus s' s)) (half_Phi_theta_ss X (plus (a s) (a s')) (minus s' s))))
      <= (cubic_Phi d * m ^ 2 + mixed_Phi d * n) * norm (minus s' s) /\
    norm (minus (minus (grad_ell N s') (grad_ell N s)) (ell_ss X (minus s' s)))
      <= cubic_ell d * m * norm (minus s' s).


(** ** The updates to first order in [beta] and [eta / beta] *)

Section FirstOrder.
Variables (N : network) (DF : State N * Param N -> State N) (DPhi_theta : State N * Param N -> Param N) (X : curvature N).
Let J := dF_ds DF.
Let B := dF_dtheta DF.
Let C := dPhi_theta_ds DPhi_theta.

(** Minus the gradient [nabla_s], and [u_t], the displacement per [beta]. *)
Definition descent (t : nat) : State N := opp (iterate J t (grad_ell N (s_star N))).
Definition displacement (t : nat) : State N := partial_sum descent t.

(** The coefficients of [beta] and of [eta / beta] in [Delta_s(t) + nabla_s(t)] ... *)
Fixpoint beta_part (t : nat) : State N :=
  match t with
  | O => zero
  | S t => plus (J (beta_part t))
      (minus (half_F_ss X (plus (displacement t) (displacement (S t))) (descent t)) (ell_ss X (descent t)))
  end.
Fixpoint kappa_part (t : nat) : State N :=
  match t with O => zero | S t => plus (J (kappa_part t)) (B (C (descent t))) end.
Definition first_order_state (beta kappa : R) (t : nat) : State N :=
  plus (scal (beta : R_AbsRing) (beta_part t)) (scal (kappa : R_AbsRing) (kappa_part t)).
(** ... and [Delta_theta(t) + nabla_theta(t)] to first order. *)
Definition first_order_param (beta kappa : R) (t : nat) : Param N :=
  plus (C (first_order_state beta kappa t))
    (scal (beta : R_AbsRing) (half_Phi_theta_ss X (plus (displacement t) (displacement (S t))) (descent t))).
End FirstOrder.

(** ** The numbers in the bounds *)

(** [f 0 + ... + f (t - 1)] *)
Fixpoint total (f : nat -> R) (t : nat) : R := match t with O => 0 | S t => total f t + f t end.

Section Numbers.
Variables (d : expansion_data) (h k m n : R).
(** Lipschitz constant of [Phi_theta] in the state, where the state is within [m] of rest and the
    parameters within [n]. *)
Definition lipschitz_Phi : R := size_C d + 2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n).
(** How far one step of the normalised updates is from [J]: what is of first order in [beta], [eta / beta], [m] ... *)
Definition drift_first : R := 2 * size_Q d * m + k * (size_B d * size_C d) + h * size_H d.
(** ... and what is of second order. *)
Definition drift_second : R :=
  (cubic_F d * m ^ 2 + mixed_F d * n) + mixed_F d * m * (k * lipschitz_Phi)
  + k * size_B d * (2 * size_T d * m + (cubic_Phi d * m ^ 2 + mixed_Phi d * n)) + h * (cubic_ell d * m).
Definition drift : R := drift_first + drift_second.
End Numbers.

(** A geometric certificate for the steps [0 .. t]: [q] is the rate, [y] bounds the first update,
    and the second phase, from a state within [a0] of rest, is seen to stay within [m] and [n] of rest. *)
Definition geometric_certificate (d : expansion_data) (h k m n a0 y q : R) (t : nat) : Prop :=
  0 <= m <= radius_state d /\ 0 <= n <= radius_param d /\ size_J d + drift d h k m n <= q /\
  a0 + h * (y * total (pow q) (S t)) <= m /\ k * lipschitz_Phi d m n * (h * (y * total (pow q) (S t))) <= n.

(** A certificate with numbers for each step: until step [i] the phase stays within [m i] and [n i]
    of rest; [nabla i] bounds the gradient of the states, [first i] the first-order part, [rest i]
    what remains, [error i] the whole error. *)
Section Stepwise.
Variables (d : expansion_data) (h k a0 : R) (m n nabla first rest error : nat -> R).
Let away i := a0 + h * total error i.
Let update i := nabla i + error i.
Definition stepwise_certificate (t : nat) : Prop :=
  (forall i, (i <= t)%nat ->
     0 <= m i <= radius_state d /\ 0 <= n i <= radius_param d /\
     a0 + h * total update (S i) <= m i /\ k * lipschitz_Phi d (m i) (n i) * (h * total update (S i)) <= n i /\
     0 <= nabla i /\ 0 <= rest i /\ first i + rest i <= error i) /\
  (forall i, (i < t)%nat ->
     size_J d * rest i + drift_second d h k (m i) (n i) * update i + drift_first d h k (m i) * error i
     + size_Q d * (away i + away (S i)) * nabla i <= rest (S i)).
(** ... and for the parameters *)
Definition rest_param (t : nat) : R :=
  size_C d * rest t + (cubic_Phi d * m t ^ 2 + mixed_Phi d * n t) * update t + 2 * size_T d * m t * error t
  + size_T d * (away t + away (S t)) * nabla t.
End Stepwise.

(** If [|J| < 1]: one rate, one constant and one radius of validity for all [t].  [g] bounds the
    loss gradient at rest. *)
Section Uniform.
Variables (d : expansion_data) (g : R).
Definition uniform_rate : R := (1 + size_J d) / 2.
(* how far the state moves per [beta], and the parameters per [beta] and [eta / beta] *)
Definition reach_state : R := g / (1 - uniform_rate).
Definition reach_param : R := lipschitz_Phi d (radius_state d) (radius_param d) * reach_state.
Definition uniform_curvature : R := 2 * size_T d * reach_state + cubic_Phi d * reach_state ^ 2 + mixed_Phi d * reach_param.
Definition uniform_drift : R :=
  2 * size_Q d * reach_state + size_B d * size_C d + size_H d + cubic_F d * reach_state ^ 2 + 2 * mixed_F d * reach_param
  + size_B d * uniform_curvature + cubic_ell d * reach_state.
Definition uniform_radius : R :=
  Rmin (Rmin 1 ((1 - size_J d) / (1 + 2 * uniform_drift)))
       (Rmin (radius_state d / (1 + reach_state)) (radius_param d / (1 + reach_param))).
Definition uniform_state_constant (t : nat) : R := uniform_drift * (INR t * uniform_rate ^ (t - 1)) * g.
Definition uniform_param_constant (t : nat) : R := size_C d * uniform_state_constant t + uniform_curvature * uniform_rate ^ t * g.
End Uniform.
